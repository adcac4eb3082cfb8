"""subs_customer: who the customer is, which accounts were merged into it, which Stripe customers are theirs.

Read first: T1 of the rules needs the accounts merged in, through any number of steps, and every other account that
claims one of the family's Stripe customers. Both are one recursive statement.
"""

from typing import Final, LiteralString

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import table

FAMILY: Final[LiteralString] = """
    WITH RECURSIVE family(root, member) AS (
        SELECT asked, asked FROM unnest(%(accounts)s::text[]) AS asked
        UNION
        SELECT family.root, merged.account_id FROM family JOIN {customers} merged ON merged.merged_into = family.member
    ), linked(root, stripe_customer_id) AS (
        SELECT root, stripe_customer_id FROM family JOIN {customers} t ON account_id = member
        UNION
        SELECT root, stripe_customer_id FROM family JOIN {customer_aliases} t ON account_id = member
    )
"""
# The same of everybody: `kin` are the members of each family but its root, `linked` who names which Stripe customer.
FAMILIES: Final[LiteralString] = """
    WITH RECURSIVE kin(root, member) AS (
        SELECT merged_into, account_id FROM {customers} t WHERE merged_into IS NOT NULL
        UNION
        SELECT kin.root, merged.account_id FROM kin JOIN {customers} merged ON merged.merged_into = kin.member
    ), linked(root, stripe_customer_id) AS (
        SELECT account_id, stripe_customer_id FROM {customers} t
        UNION ALL
        SELECT account_id, stripe_customer_id FROM {customer_aliases} t
        UNION ALL
        SELECT root, stripe_customer_id FROM kin JOIN {customers} t ON account_id = member
        UNION ALL
        SELECT root, stripe_customer_id FROM kin JOIN {customer_aliases} t ON account_id = member
    )
"""


class SubsCustomer(PostgresStore):
    name = StoreName.SUBS_CUSTOMER
    tables = (
        table(
            StoreName.SUBS_CUSTOMER,
            "customers",
            query=FAMILY
            + "SELECT root AS _owner, {columns} FROM family JOIN {customers} t ON t.account_id = member"
            + " UNION SELECT root, {columns} FROM linked JOIN {customers} t USING (stripe_customer_id)",
            of_everybody=FAMILIES
            + "SELECT t.account_id AS _owner, {columns} FROM {customers} t UNION ALL ("
            + "SELECT root, {columns} FROM kin JOIN {customers} t ON t.account_id = member WHERE t.account_id <> root"
            + " UNION SELECT root, {columns} FROM linked JOIN {customers} t USING (stripe_customer_id)"
            + " WHERE t.account_id <> root)",
        ),
        table(
            StoreName.SUBS_CUSTOMER,
            "customer_aliases",
            query=FAMILY
            + "SELECT root AS _owner, {columns} FROM linked JOIN {customer_aliases} t USING (stripe_customer_id)",
            of_everybody=FAMILIES
            + "SELECT DISTINCT root AS _owner, {columns} FROM linked"
            + " JOIN {customer_aliases} t USING (stripe_customer_id)",
        ),
    )
    roster = ("customers",)

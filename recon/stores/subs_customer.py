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


class SubsCustomer(PostgresStore):
    name = StoreName.SUBS_CUSTOMER
    tables = (
        table(
            StoreName.SUBS_CUSTOMER,
            "customers",
            query=FAMILY
            + "SELECT root AS _owner, {columns} FROM family JOIN {customers} t ON t.account_id = member"
            + " UNION SELECT root, {columns} FROM linked JOIN {customers} t USING (stripe_customer_id)",
        ),
        table(
            StoreName.SUBS_CUSTOMER,
            "customer_aliases",
            query=FAMILY
            + "SELECT root AS _owner, {columns} FROM linked JOIN {customer_aliases} t USING (stripe_customer_id)",
        ),
    )
    roster = "SELECT account_id FROM {customers} t WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s"

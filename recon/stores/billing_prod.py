"""billing_prod: the ledger. The survivor of a merge counts the invoices and payments of those merged into it (T1)."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import table


class BillingProd(PostgresStore):
    name = StoreName.BILLING_PROD
    tables = (
        table(StoreName.BILLING_PROD, "invoices", by_family=True, by_neighbours=True),
        table(
            StoreName.BILLING_PROD,
            "payments",
            # A payment booked on another account still pays the invoice that it names.
            query="""
                SELECT t.account_id AS _owner, {columns} FROM {payments} t WHERE t.account_id = ANY(%(members)s)
                UNION ALL
                SELECT paid.account_id, {columns} FROM {payments} t JOIN {invoices} paid USING (invoice_id)
                WHERE paid.account_id = ANY(%(members)s) AND paid.account_id <> t.account_id
            """,
            of_everybody="""
                SELECT t.account_id AS _owner, {columns} FROM {payments} t
                UNION ALL
                SELECT paid.account_id, {columns} FROM {payments} t JOIN {invoices} paid USING (invoice_id)
                WHERE paid.account_id <> t.account_id
            """,
            by_family=True,
        ),
        table(
            StoreName.BILLING_PROD,
            "adjustments",
            query="""
                SELECT adjusted.account_id AS _owner, {columns}
                FROM {adjustments} t JOIN {invoices} adjusted USING (invoice_id)
                WHERE adjusted.account_id = ANY(%(members)s)
            """,
            of_everybody="""
                SELECT adjusted.account_id AS _owner, {columns}
                FROM {adjustments} t JOIN {invoices} adjusted USING (invoice_id)
            """,
            by_family=True,
        ),
        table(StoreName.BILLING_PROD, "contracts"),
        table(StoreName.BILLING_PROD, "account_flags"),
    )
    roster = ("account_flags", "contracts", "invoices", "payments")

"""billing_prod: the ledger. The survivor of a merge counts the invoices and payments of those merged into it (T1)."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import Table


class BillingProd(PostgresStore):
    name = StoreName.BILLING_PROD
    tables = (
        Table(
            name="invoices",
            key=("invoice_id",),
            columns=(
                "invoice_id",
                "account_id",
                "stripe_invoice_id",
                "status",
                "currency",
                "total_minor",
                "issued_at",
                "due_at",
                "period_start",
                "period_end",
            ),
            by_family=True,
            by_neighbours=True,
        ),
        Table(
            name="payments",
            key=("payment_id",),
            columns=(
                "payment_id",
                "account_id",
                "invoice_id",
                "rail",
                "method",
                "processor_ref",
                "status",
                "amount_minor",
                "currency",
                "created_at",
                "settled_at",
            ),
            # A payment booked on another account still pays the invoice that it names.
            query="""
                SELECT t.account_id AS _owner, {columns} FROM payments t WHERE t.account_id = ANY(%(members)s)
                UNION ALL
                SELECT paid.account_id, {columns} FROM payments t JOIN invoices paid USING (invoice_id)
                WHERE paid.account_id = ANY(%(members)s) AND paid.account_id <> t.account_id
            """,
            by_family=True,
        ),
        Table(
            name="adjustments",
            key=("adjustment_id",),
            columns=(
                "adjustment_id",
                "invoice_id",
                "payment_id",
                "kind",
                "amount_minor",
                "currency",
                "effective_at",
                "approved_by",
            ),
            query="""
                SELECT adjusted.account_id AS _owner, {columns}
                FROM adjustments t JOIN invoices adjusted USING (invoice_id)
                WHERE adjusted.account_id = ANY(%(members)s)
            """,
            by_family=True,
        ),
        Table(
            name="contracts",
            key=("account_id",),
            columns=("account_id", "segment", "plan_code", "net_days", "starts_at", "ends_at"),
        ),
        Table(
            name="account_flags",
            key=("account_id",),
            columns=("account_id", "has_debt", "in_bad_debt", "row_version"),
            derived=frozenset({"has_debt", "in_bad_debt"}),
        ),
    )
    roster = """
        SELECT account_id FROM (
            (SELECT account_id FROM account_flags WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT account_id FROM contracts WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM invoices WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM payments WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
        ) known ORDER BY account_id LIMIT %(limit)s
    """

"""cf_prod: what the product lets the account do. Of the blocks only `billing_debt` is ours; the others are facts."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import Table


class CfProd(PostgresStore):
    name = StoreName.CF_PROD
    tables = (
        Table(
            name="entitlements",
            key=("account_id",),
            columns=("account_id", "plan_active", "effective_plan", "restricted", "suspended", "row_version"),
            derived=frozenset({"plan_active", "effective_plan", "restricted", "suspended"}),
        ),
        Table(
            name="blocks",
            key=("account_id", "reason"),
            columns=("account_id", "reason", "level", "since", "set_by", "row_version"),
            derived=frozenset({"level", "since", "set_by"}),
            ours=(("reason", "billing_debt"),),
        ),
    )
    roster = """
        SELECT account_id FROM (
            (SELECT account_id FROM entitlements WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM blocks WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
        ) known ORDER BY account_id LIMIT %(limit)s
    """

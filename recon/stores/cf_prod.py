"""cf_prod: what the product lets the account do. Of the blocks only `billing_debt` is ours; the others are facts."""

from dataclasses import replace

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import table


class CfProd(PostgresStore):
    name = StoreName.CF_PROD
    tables = (
        table(StoreName.CF_PROD, "entitlements"),
        replace(
            table(StoreName.CF_PROD, "blocks"),
            derived=frozenset({"level", "since", "set_by"}),
            ours=(("reason", "billing_debt"),),
        ),
    )
    roster = """
        SELECT account_id FROM (
            (SELECT account_id FROM {entitlements} t
             WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM {blocks} t
             WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
        ) known ORDER BY account_id LIMIT %(limit)s
    """

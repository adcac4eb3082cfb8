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
    roster = ("entitlements", "blocks")

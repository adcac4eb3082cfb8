"""subs_dunning: the state of debt, the balances behind it, and what people decided about it."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import table


class SubsDunning(PostgresStore):
    name = StoreName.SUBS_DUNNING
    tables = tuple(table(StoreName.SUBS_DUNNING, one) for one in ("dunning", "balances", "intents"))
    roster = ("dunning", "balances", "intents")

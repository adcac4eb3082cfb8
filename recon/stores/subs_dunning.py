"""subs_dunning: the state of debt, the balances behind it, and what people decided about it."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import table


class SubsDunning(PostgresStore):
    name = StoreName.SUBS_DUNNING
    tables = tuple(table(StoreName.SUBS_DUNNING, one) for one in ("dunning", "balances", "intents"))
    roster = """
        SELECT account_id FROM (
            (SELECT account_id FROM {dunning} t WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM {balances} t
             WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM {intents} t
             WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
        ) known ORDER BY account_id LIMIT %(limit)s
    """

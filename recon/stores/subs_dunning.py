"""subs_dunning: the state of debt, the balances behind it, and what people decided about it."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import Table


class SubsDunning(PostgresStore):
    name = StoreName.SUBS_DUNNING
    tables = (
        Table(
            name="dunning",
            key=("account_id",),
            columns=("account_id", "state", "raw_state", "has_debt", "is_bad_debt", "oldest_due_at", "row_version"),
            derived=frozenset({"state", "raw_state", "has_debt", "is_bad_debt", "oldest_due_at"}),
        ),
        Table(
            name="balances",
            key=("account_id", "currency"),
            columns=("account_id", "currency", "collectible_minor", "written_off_minor", "row_version"),
            derived=frozenset({"collectible_minor", "written_off_minor"}),
        ),
        Table(
            name="intents",
            key=("intent_id",),
            columns=("intent_id", "account_id", "kind", "plan_code", "until", "reason", "created_by"),
        ),
    )
    roster = """
        SELECT account_id FROM (
            (SELECT account_id FROM dunning WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM balances WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
            UNION
            (SELECT DISTINCT account_id FROM intents WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)
        ) known ORDER BY account_id LIMIT %(limit)s
    """

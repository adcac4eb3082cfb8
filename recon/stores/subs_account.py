"""subs_account: is the account open, which plan has it, how does its bill stand."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import Table


class SubsAccount(PostgresStore):
    name = StoreName.SUBS_ACCOUNT
    tables = (
        Table(
            name="accounts",
            key=("account_id",),
            columns=(
                "account_id",
                "status",
                "closed_at",
                "plan_code",
                "primary_subscription_id",
                "payment_status",
                "row_version",
            ),
            derived=frozenset({"plan_code", "primary_subscription_id", "payment_status"}),
        ),
    )
    roster = "SELECT account_id FROM accounts WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s"

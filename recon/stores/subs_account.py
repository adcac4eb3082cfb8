"""subs_account: is the account open, which plan has it, how does its bill stand."""

from recon.engine.facts import StoreName
from recon.stores.postgres import PostgresStore
from recon.stores.tables import table


class SubsAccount(PostgresStore):
    name = StoreName.SUBS_ACCOUNT
    tables = (table(StoreName.SUBS_ACCOUNT, "accounts"),)
    roster = ("accounts",)

"""An event on its way into the inbox, whoever sent it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Incoming:
    """`refs` are ids that may lead to an account, `accounts` those that the sender names itself.

    `body` is JSON text that PostgreSQL takes, `body_hash` its sha256; `connected_account` is empty for our own.
    """

    source: str
    event_id: str
    type: str
    object_id: str
    refs: tuple[str, ...]
    occurred_at: datetime | None
    livemode: bool | None
    connected_account: str
    body: str
    body_hash: str
    accounts: tuple[str, ...] = ()

"""Whose call is it? Asked of the database at every call, so that a token that was revoked opens nothing any more."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from recon import actors
from recon.actors import Scope
from recon.models import ApiToken
from recon.queries.prepared import Row, rows_of

WRITTEN: Final = re.compile(r"recon_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
USED_EVERY: Final = timedelta(minutes=1)
# The database compares hashes: how long it takes tells of a hash at the most, and no hash leads to its secret.
IN_FORCE: Final = """
select id, name, scopes, last_used_at from api_token
where prefix = %(prefix)s and secret_hash = %(secret_hash)s and revoked_at is null and expires_at > %(now)s
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """A program whose token is in force."""

    token_id: int
    name: str
    scopes: frozenset[Scope]

    @property
    def actor(self) -> str:
        """As the audit names it."""
        return actors.token(self.name)

    @property
    def groups(self) -> frozenset[str]:
        """What actions ask about its rights."""
        return actors.groups_of_scopes(self.scopes)

    @property
    def is_authenticated(self) -> bool:
        return True


def use_token(given: str, *, now: datetime) -> Caller | None:
    """None when it is no token of ours, expired or revoked: which of them is not told."""
    params = params_of(given, now)
    rows = rows_of(IN_FORCE, params) if params is not None else []
    return caller_of(rows[0], now) if rows else None


def params_of(given: str, now: datetime) -> dict[str, Any] | None:
    """What IN_FORCE asks for; None when it is not written as our tokens are."""
    written = WRITTEN.fullmatch(given)
    if written is None:
        return None
    prefix, secret = written.groups()
    return {"prefix": prefix, "secret_hash": hash_of(secret), "now": now}


def caller_of(row: Row, now: datetime) -> Caller:
    """Out of a row of IN_FORCE. The token's last use is kept to the minute, so that a call that only reads seldom
    writes."""
    number, name, scopes, used_at = row
    if used_at is None or now - used_at >= USED_EVERY:
        ApiToken.objects.filter(id=number).update(last_used_at=now)
    return Caller(number, name, frozenset(map(Scope, scopes)))


def hash_of(secret: str) -> str:
    """What is kept of a secret. Of 256 random bits nothing is gained by a slow hash."""
    return sha256(secret.encode()).hexdigest()

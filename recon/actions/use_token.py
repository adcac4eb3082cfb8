"""Whose call is it? Asked of the database at every call, so that a token that was revoked opens nothing any more."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import connection

from recon import actors
from recon.actors import Scope
from recon.models import ApiToken

WRITTEN: Final = re.compile(r"recon_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
USED_EVERY: Final = timedelta(minutes=1)
NOBODY: Final = "0" * 64
IN_FORCE: Final = """
select id, name, scopes, secret_hash, last_used_at from api_token
where prefix = %s and revoked_at is null and expires_at > %s
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
    """None when it is no token of ours, expired or revoked: which of them is not told. Its last use is kept to the
    minute, so that a call that only reads seldom writes."""
    written = WRITTEN.fullmatch(given)
    if written is None:
        return None
    prefix, secret = written.groups()
    number, name, scopes, secret_hash, used_at = _in_force(prefix, now) or (0, "", (), NOBODY, None)
    if not hmac.compare_digest(hash_of(secret), secret_hash):
        return None
    if used_at is None or now - used_at >= USED_EVERY:
        ApiToken.objects.filter(id=number).update(last_used_at=now)
    return Caller(number, name, frozenset(map(Scope, scopes)))


def _in_force(prefix: str, now: datetime) -> tuple[int, str, list[str], str, datetime | None] | None:
    """By hand, for every call asks it and most of them ask little more."""
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE, [prefix, now])
        found: tuple[int, str, list[str], str, datetime | None] | None = cursor.fetchone()
    return found


def hash_of(secret: str) -> str:
    """What is kept of a secret. Of 256 random bits nothing is gained by a slow hash."""
    return sha256(secret.encode()).hexdigest()

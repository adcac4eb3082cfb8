"""Whose call is it? Asked of the database at every call, so that a token that was revoked opens nothing any more."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from recon import actors
from recon.actors import Scope
from recon.models import ApiToken

WRITTEN: Final = re.compile(r"recon_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
USED_EVERY: Final = timedelta(minutes=1)
NOBODY: Final = "0" * 64


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
    token = ApiToken.objects.filter(prefix=prefix).first()
    is_it = hmac.compare_digest(hash_of(secret), token.secret_hash if token else NOBODY)
    if token is None or not is_it or token.revoked_at is not None or token.expires_at <= now:
        return None
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        ApiToken.objects.filter(id=token.id).update(last_used_at=now)
    return Caller(token.id, token.name, frozenset(map(Scope, token.scopes)))


def hash_of(secret: str) -> str:
    """What is kept of a secret. Of 256 random bits nothing is gained by a slow hash."""
    return sha256(secret.encode()).hexdigest()

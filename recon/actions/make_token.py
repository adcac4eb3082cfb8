"""Give a program its way in: a token with scopes and an end. It is told once, here; only a hash of it is kept."""

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from recon.actions.authority import Right, holds
from recon.actions.use_token import hash_of
from recon.actors import Scope
from recon.apply.record import Entry, record
from recon.models import ApiToken

LONGEST_LIFE: Final = timedelta(days=366)  # a year, whichever it is
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}", re.ASCII)
LONGEST_PURPOSE: Final = 500
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an admin asked for: `days` is how long it lasts, `scopes` are names of Scope."""

    name: str
    purpose: str
    scopes: Collection[str]
    days: int


@dataclass(frozen=True, slots=True)
class MadeToken:
    """The token's text, which nobody can ask for again; or why there is none: a word for programs and a sentence."""

    text: str
    code: str = ""
    sentence: str = ""


def make_token(wanted: Wanted, *, actor: str, groups: Iterable[str], now: datetime, request_id: str = "") -> MadeToken:
    """A refusal's code is forbidden, name, purpose, scopes, days or taken. A name is given once, for ever: the audit
    knows a program by it."""
    if not holds(groups, Right.GOVERN):
        return _forbidden(wanted, actor, request_id)
    refused = _fault(wanted)
    if refused is not None:
        return refused
    prefix, secret = "".join(secrets.choice(LETTERS) for _ in range(12)), secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken(
        name=wanted.name,
        prefix=prefix,
        secret_hash=hash_of(secret),
        scopes=_in_order(wanted.scopes),
        purpose=wanted.purpose.strip(),
        made_by=actor,
        made_at=now,
        expires_at=now + timedelta(days=wanted.days),
    )
    try:
        with transaction.atomic():
            token.save(force_insert=True)
            record(Entry(actor, "token.made", token.purpose, after=told(token), request_id=request_id))
    except IntegrityError:
        return MadeToken("", "taken", "There is a token of that name, or was one: names are never given twice.")
    return MadeToken(f"recon_{prefix}_{secret}")


def told(token: ApiToken) -> dict[str, object]:
    """How the audit tells of a token."""
    return {
        "token": token.name,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "expires_at": token.expires_at.isoformat(),
    }


def _forbidden(wanted: Wanted, actor: str, request_id: str) -> MadeToken:
    refused = MadeToken("", "forbidden", "Tokens are made by admins.")
    after = {"token": wanted.name[:64], "code": refused.code, "why": refused.sentence}
    record(Entry(actor, "token.refused", "make a token", after=after, request_id=request_id))
    return refused


def _fault(wanted: Wanted) -> MadeToken | None:
    if not NAME.fullmatch(wanted.name):
        return MadeToken(
            "", "name", "A name has 2 to 63 letters a to z, digits, dots, dashes or underscores, as “support-desk”."
        )
    if not wanted.purpose.strip() or len(wanted.purpose) > LONGEST_PURPOSE:
        return MadeToken("", "purpose", "Say what it is for: whoever finds it in the audit will ask.")
    if not wanted.scopes or set(wanted.scopes) - set(Scope):
        return MadeToken("", "scopes", "Choose at least one thing that it may do.")
    if not 1 <= wanted.days <= LONGEST_LIFE.days:
        return MadeToken("", "days", "A token lasts for a day to a year.")
    return None


def _in_order(scopes: Collection[str]) -> list[str]:
    return [scope.value for scope in Scope if scope in scopes]

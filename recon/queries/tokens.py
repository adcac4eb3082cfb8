"""The tokens that there are, and were: never their secrets."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from recon import actors
from recon.models import ApiToken


@dataclass(frozen=True, slots=True)
class Token:
    """`last_used_at` is kept to the minute; `revoked_by` and `made_by` are as user:name."""

    number: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    purpose: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    revoke_reason: str

    def is_in_force(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now


def every_token() -> list[Token]:
    """Those that were not revoked first, each lot by name."""
    rows = ApiToken.objects.order_by(F("revoked_at").desc(nulls_first=True), "name")
    return [
        Token(
            number=row.id,
            name=row.name,
            prefix=row.prefix,
            scopes=tuple(row.scopes),
            purpose=row.purpose,
            made_by=row.made_by,
            made_at=row.made_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
            revoked_by=row.revoked_by,
            revoke_reason=row.revoke_reason,
        )
        for row in rows
    ]


def who_answers_for(actor: str) -> str:
    """The person behind a program: who made its token. Anybody else answers for themselves."""
    if not actors.is_token(actor):
        return actor
    maker = ApiToken.objects.filter(name=actors.token_name_of(actor)).values_list("made_by", flat=True).first()
    return maker or actor

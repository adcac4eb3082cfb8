"""Tokens for tests, made without a page."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client

from recon.actions.use_token import hash_of
from recon.models import ApiToken
from tests.support.clients import one_of_many

SECRET = "s" * 43


def token_of(*scopes: str, name: str = "", **changes: Any) -> str:
    """The text of a token with these scopes; made once for each name."""
    name = name or "-".join(scopes) or "nothing"
    number = ApiToken.objects.filter(name=name).values_list("id", flat=True).first()
    if number is None:
        number = ApiToken.objects.create(
            name=name,
            prefix=f"{hash_of(name)[:12]}",
            secret_hash=hash_of(SECRET),
            scopes=list(scopes),
            purpose="tests",
            made_by="user:admin",
            made_at=datetime(2026, 1, 1, tzinfo=UTC),
            **{"expires_at": datetime(2100, 1, 1, tzinfo=UTC), **changes},
        ).id
    return f"recon_{ApiToken.objects.get(id=number).prefix}_{SECRET}"


def bearer(*scopes: str, **options: Any) -> Client:
    """A program that calls with such a token; it keeps no cookies."""
    return one_of_many(headers={"authorization": f"Bearer {token_of(*scopes, **options)}"})

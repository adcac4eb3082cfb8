"""Who looked at which account, in words, and the key at which a page ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from inspector.display.audit import href_or_none
from inspector.display.deeds import actor_words
from inspector.display.moments import age_words
from recon.queries.look_ups import LookUpKey, LookUpLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LookLine:
    """One look in words."""

    at: str
    ago: str
    actor: str
    account_id: str
    account_href: str
    by: str
    request_id: str


@dataclass(frozen=True, slots=True)
class LookUpsPage:
    """A page of look-ups. `older_href` is empty on the last page, `first_href` on the first."""

    sees_all: bool
    actor: str
    account: str
    is_filtered: bool
    kept_days: int
    lines: tuple[LookLine, ...]
    older_href: str
    first_href: str


def look_ups_page(
    lines: Sequence[LookUpLine],
    *,
    in_url: dict[str, str],
    sees_all: bool,
    kept_days: int,
    size: int,
    is_first: bool,
    now: datetime,
) -> LookUpsPage:
    """`lines` holds one more than a page where another page follows."""
    shown = lines[:size]
    return LookUpsPage(
        sees_all=sees_all,
        actor=in_url.get("actor", ""),
        account=in_url.get("account", ""),
        is_filtered=bool(in_url),
        kept_days=kept_days,
        lines=tuple(_line(line, now) for line in shown),
        older_href=_href(**in_url, after=key_words(shown[-1].key)) if len(lines) > size else "",
        first_href="" if is_first else _href(**in_url),
    )


def key_words(key: LookUpKey) -> str:
    """A page's key as it stands in the URL: microseconds since 1970, and the row's number."""
    return f"{(key.at - _EPOCH) // timedelta(microseconds=1)}.{key.id}"


def key_of(text: str) -> LookUpKey | None:
    """The key that stands in the URL; what is none is no key, and the list begins at its beginning."""
    moment, _, number = text.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in (moment, number)):
        return None
    return LookUpKey(_EPOCH + timedelta(microseconds=int(moment)), int(number))


def _line(line: LookUpLine, now: datetime) -> LookLine:
    return LookLine(
        at=f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        ago=age_words(line.at, now),
        actor=actor_words(line.actor),
        account_id=line.account_id,
        account_href=href_or_none("account", line.account_id),
        by=line.by.replace("_", " "),
        request_id=line.request_id,
    )


def _href(**parameters: str) -> str:
    return f"{reverse('look_ups')}?{urlencode(parameters)}" if parameters else reverse("look_ups")

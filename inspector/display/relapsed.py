"""Of one account, the cells that somebody changed back after a repair."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from inspector.display.moments import age_words
from inspector.display.words import value_words
from recon.queries.account import AccountView, Json


@dataclass(frozen=True, slots=True)
class Relapsed:
    """A line a cell, and the page where they are released."""

    lines: tuple[str, ...]
    href: str


def relapsed(view: AccountView, now: datetime) -> Relapsed | None:
    """None where every repair held, or was released."""
    if not view.relapses:
        return None
    href = f"{reverse('relapses')}?{urlencode({'account': view.account_id})}"
    return Relapsed(tuple(_line(one, now) for one in view.relapses), href)


def _line(one: Json, now: datetime) -> str:
    wrote, found = value_words(one["wrote"]), value_words(one["found"])
    return f"{one['place']}: a repair wrote {wrote}; {found} was found {age_words(one['at'], now)}, by {one['other']}."

"""Cells that somebody changed back after a repair, in words: by place, with both writers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from inspector.access import Permission
from inspector.display.audit import href_or_none
from inspector.display.deeds import actor_words
from inspector.display.moments import age_words, moment_words
from inspector.display.words import number_words, value_words
from recon.queries.relapses import RelapsedCell, RelapsedPlace, Wanted
from recon.words import storable

LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class CellLine:
    """One relapse: what our repair wrote and what was found after it, who wrote each, and how it ended."""

    number: int
    account_id: str
    account_href: str
    key: str
    wrote: str
    found: str
    ours: str
    repair_href: str
    other: str
    seen: str
    seen_at: str
    released: str
    release_reason: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One place with its cells on this page. `summary` counts all of it, on this page or not; `href` shows it alone."""

    name: str
    anchor: str
    summary: str
    href: str
    lines: tuple[CellLine, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form already, and what is wrong with it."""

    reason: str = ""
    problem: str = ""
    ticked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RelapsesPage:
    """`places` have the cells of this page, `others` are those that have none on it. `next_href` is empty on the last
    page, `first_href` on the first; `can_release` where there is anything to."""

    total: str
    places: tuple[Place, ...]
    others: tuple[Place, ...]
    empty: str
    wanted: Wanted
    other_href: str
    all_href: str
    next_href: str
    first_href: str
    release_href: str
    permission: Permission
    typed: Typed


def wanted_in(query: Mapping[str, str]) -> Wanted:
    """Out of a URL's parameters."""
    return Wanted(
        query.get("of") == "released",
        storable(query.get("place", ""), LONGEST),
        storable(query.get("account", ""), LONGEST),
    )


def relapses_page(
    wanted: Wanted,
    places: Sequence[RelapsedPlace],
    cells: Sequence[RelapsedCell],
    *,
    permission: Permission,
    typed: Typed,
    size: int,
    is_first: bool,
    now: datetime,
) -> RelapsesPage:
    """`cells` holds one more than a page where another page follows; they are shown place by place."""
    shown = sorted(cells[:size], key=lambda cell: cell.place)
    lines = {place: list(of) for place, of in groupby(shown, key=lambda cell: cell.place)}
    in_url = _in_url(wanted)
    words = [_place(one, lines.get(one.place, []), wanted, typed, now) for one in places]
    return RelapsesPage(
        total=number_words(sum(one.relapses for one in places)),
        places=tuple(one for one in words if one.lines),
        others=tuple(one for one in words if not one.lines and not wanted.account),
        empty="" if shown else _empty(wanted),
        wanted=wanted,
        other_href=_href({} if wanted.released else {"of": "released"}),
        all_href=_href(_in_url(Wanted(wanted.released))) if wanted.place or wanted.account else "",
        next_href=_href(in_url | {"after": str(cells[size - 1].id)}) if len(cells) > size else "",
        first_href="" if is_first else _href(in_url),
        release_href=f"{reverse('release_relapses')}?{urlencode(in_url)}",
        permission=permission,
        typed=typed,
    )


def _place(one: RelapsedPlace, cells: Sequence[RelapsedCell], wanted: Wanted, typed: Typed, now: datetime) -> Place:
    summary = (
        f"{_many(one.relapses, 'relapse')} of {_many(one.accounts, 'account')}, "
        f"the first {age_words(one.first_at, now)}, the latest {age_words(one.latest_at, now)}"
    )
    return Place(
        name=one.place,
        anchor=one.place.replace(".", "-"),
        summary=summary,
        href=_href(_in_url(Wanted(wanted.released, one.place))),
        lines=tuple(_line(cell, typed, now) for cell in cells),
    )


def _line(cell: RelapsedCell, typed: Typed, now: datetime) -> CellLine:
    repaired = f", {age_words(cell.repaired_at, now)}" if cell.repaired_at else ""
    released = f"Released by {actor_words(cell.released_by)} {age_words(cell.released_at, now)}"
    return CellLine(
        number=cell.id,
        account_id=cell.account_id,
        account_href=href_or_none("account", cell.account_id),
        key="" if cell.key == cell.account_id else cell.key,
        wrote=value_words(cell.wrote),
        found=value_words(cell.found),
        ours=f"a repair approved by {actor_words(cell.approved_by)}{repaired}",
        repair_href=href_or_none("repair", str(cell.apply_id)),
        other=cell.other,
        seen=age_words(cell.at, now),
        seen_at=moment_words(cell.at),
        released=released if cell.released_at else "",
        release_reason=cell.release_reason,
        is_ticked=cell.id in typed.ticked,
    )


def _many(number: int, noun: str) -> str:
    return f"{number_words(number)} {noun}{'' if number == 1 else 's'}"


def _empty(wanted: Wanted) -> str:
    if wanted.place or wanted.account:
        return "Nothing here matches."
    return "No relapse was released yet." if wanted.released else "Nothing was changed back after a repair."


def _in_url(wanted: Wanted) -> dict[str, str]:
    given = {"of": "released" if wanted.released else "", "place": wanted.place, "account": wanted.account}
    return {name: value for name, value in given.items() if value}


def _href(query: Mapping[str, str]) -> str:
    return f"{reverse('relapses')}{'?' if query else ''}{urlencode(query)}"

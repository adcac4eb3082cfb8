"""Before and after of an audit entry, a line for each thing that changed, in words where it has some."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inspector.display.rows import label_at
from inspector.display.words import STORES, value_words
from inspector.display.writes import cell_words

PLACE: Final = re.compile(r"(?P<store>\w+)\.(?P<table>\w+)\[(?P<key>.*)\]\.(?P<column>[\w.]+)", re.DOTALL)
SAID_ELSEWHERE: Final = frozenset({"cells", "why", "code", "undoes"})
SAYS_STATES: Final = ("state", "status")
CURRENCY: Final = re.compile("[a-z]{3}")
NOTHING: Final[tuple[object, ...]] = ("", None, {}, [])


@dataclass(frozen=True, slots=True)
class Change:
    """One thing: `where` is its place in a `store`, both empty when in none; `old` is empty when there was none."""

    what: str
    store: str
    where: str
    old: str
    new: str
    stays: bool = False


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """The cells of a repair first, then whatever else the entry names."""
    was, became = _as_mapping(before), _as_mapping(after)
    return (*_cells(was, became), *_rest(was, became))


def _cells(was: Mapping[str, Any], became: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _by_place(was.get("cells")), _by_place(became.get("cells"))
    for place in [*old, *(one for one in new if one not in old)]:
        stored, truth = old.get(place), new.get(place)
        stays = place in old and place in new and stored == truth
        parts = PLACE.fullmatch(place)
        if parts is None:
            yield Change(place, "", "", _words(stored), _words(truth), stays)
        else:
            what, store = label_at(parts["store"], parts["column"]), STORES.get(parts["store"], parts["store"])
            yield Change(what, store, place, _in_cell(parts, stored), _in_cell(parts, truth), stays)


def _rest(was: Mapping[str, Any], became: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*was, *(one for one in became if one not in was)]:
        old, new = was.get(name), became.get(name)
        if name in SAID_ELSEWHERE or (old in NOTHING and new in NOTHING):
            continue
        said = _digest if name == "digest" else _words
        what = "Plan" if name == "digest" else name.replace("_", " ").capitalize()
        yield Change(what, "", "", said(old) if name in was else "", said(new) if name in became else "", old == new)


def _in_cell(parts: "re.Match[str]", value: object) -> str:
    """The value as its column says it; an amount in the currency that the row's key names."""
    if isinstance(value, dict | list):
        return _words(value)
    column = parts["column"]
    if column.endswith(SAYS_STATES) and isinstance(value, str):
        return value.replace("_", " ")
    currency = next((part for part in parts["key"].split(",") if CURRENCY.fullmatch(part)), "")
    return cell_words({"column": column, "key": {"currency": currency}}, value)


def _digest(value: object) -> str:
    """Enough of it to tell two plans apart; the sealed text has it whole."""
    return f"{value:.12}…" if isinstance(value, str) else _words(value)


def _by_place(cells: Any) -> dict[str, Any]:
    """The cells as they were recorded, [place, value] each; whatever else an entry may hold is none."""
    pairs = cells if isinstance(cells, list) else []
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _words(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value_words(value)


def _as_mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"value": value}

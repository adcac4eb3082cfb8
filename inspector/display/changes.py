"""Before and after of an audit entry, a line for each thing that changed, in words where it has some."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inspector.display.rows import label_at
from inspector.display.words import value_words
from inspector.display.writes import cell_words

PLACE: Final = re.compile(r"(?P<store>\w+)\.(?P<table>\w+)\[(?P<key>.*)\]\.(?P<column>[\w.]+)", re.DOTALL)
SAID_ELSEWHERE: Final = frozenset({"cells", "why", "code"})
NOTHING: Final = ("", None)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing: `where` is its place in a store, empty when it is in none; `old` is empty when there was none."""

    what: str
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
        what, said = _cell(place, stored), _cell(place, truth)
        yield Change(what[0], place, what[1], said[1], stays=place in old and place in new and stored == truth)


def _rest(was: Mapping[str, Any], became: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*was, *(one for one in became if one not in was)]:
        old, new = was.get(name), became.get(name)
        if name in SAID_ELSEWHERE or (old in NOTHING and new in NOTHING):
            continue
        what = name.replace("_", " ").capitalize()
        yield Change(what, "", _words(old) if name in was else "", _words(new) if name in became else "", old == new)


def _cell(place: str, value: object) -> tuple[str, str]:
    """What the place is called, and the value in it."""
    parts = PLACE.fullmatch(place)
    if parts is None:
        return place, _words(value)
    column = parts["column"]
    write = {"column": column, "key": {"currency": parts["key"].rpartition(",")[2]}}
    said = cell_words(write, value) if not isinstance(value, dict | list) else _words(value)
    return label_at(parts["store"], column), said


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

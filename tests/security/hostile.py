"""What customers and their tools write into six stores, and people into our forms, at its worst."""

import json
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Final

from tests.support.kept import golden, golden_names

MARKUP: Final = "=1+1\"'><x-hostile onmouseover=alert(1)>{{ 7 }}"
# Columns whose values are words of the contract, or times: another value there makes the verdict unknown.
CLOSED: Final = frozenset(
    {
        *("status", "kind", "level", "object", "type", "currency", "method", "rail", "segment", "behavior", "set_by"),
        *("state", "raw_state", "debt_state", "payment_status", "billing_reason", "collection_method"),
        *("plan_code", "lookup_key", "effective_plan"),
        *("oldest_due_at", "issued_at", "due_at", "created_at", "settled_at", "effective_at", "closed_at"),
        *("starts_at", "ends_at", "period_start", "period_end", "since", "until"),
    }
)
Path = tuple[str, ...]


class Markup(HTMLParser):
    """What a browser would make of a page: everything in it that could run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        runs = [name for name in told if name.startswith("on") or name == "style"]
        leads = [name for name in ("href", "src", "action", "formaction") if (told.get(name) or "").startswith("javas")]
        is_bare = tag in {"script", "style"} and not told.get("src") and "nonce" not in told
        if tag == "x-hostile" or runs or leads or is_bare:
            self.found.append(self.get_starttag_text() or tag)


def stories() -> Iterator[dict[str, Any]]:
    """Cases in which, together, every text column of every store is hostile: the open ones of a case all at once, as
    ids still have to lead to each other, the closed ones a table at a time."""
    known: set[Path] = set()
    for name in golden_names():
        case = golden(name)
        new = {path for path in paths(case["stores"]) if path not in known}
        known |= new
        closed = {path for path in new if path[-1] in CLOSED}
        if new - closed:
            yield changed(case, lambda path: path[-1] not in CLOSED)
        for table in sorted({path[:2] for path in closed}):
            yield changed(case, lambda path, one=closed, of=table: path in one and path[:2] == of)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of every text in it: store, table, column, and on into its objects."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, path)
    elif isinstance(value, str):
        yield path


def changed(case: Mapping[str, Any], is_meant: Callable[[Path], bool]) -> dict[str, Any]:
    """The case with markup before each text that is meant; the account keeps its id."""

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, Mapping):
            return {name: walk(inner, (*path, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, path) for inner in value]
        is_text = isinstance(value, str) and value != case["account_id"] and is_meant(path)
        return f"{MARKUP}{value}" if is_text else value

    return {**json.loads(json.dumps(case)), "stores": walk(case["stores"], ())}

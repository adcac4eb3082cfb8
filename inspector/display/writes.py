"""One write in words: `store.table.column`, old → new, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inspector.display.moments import moment_words
from inspector.display.money import amount_words
from inspector.display.words import STORES, value_words
from recon.queries.account import Json

_BALANCES = frozenset({"collectible_minor", "written_off_minor"})
_FIELDS = {
    "in_bad_debt": "is_bad_debt",
    "level": "billing_block",
    "metadata.debt_state": "state",
    "collectible_minor": "balances",
    "written_off_minor": "balances",
}


@dataclass(frozen=True, slots=True)
class WriteLine:
    """One cell to write: `where` as store.table.column, `key` the row's, and why."""

    store: str
    where: str
    key: str
    old: str
    new: str
    rule: str
    because: str


def write_line(write: Json, account_id: str, because: Mapping[str, Json]) -> WriteLine:
    """A cell of a plan (store, table, key, column, stored, truth, rule); `because` is the evaluation's."""
    column: str = write["column"]
    reason = because.get(_FIELDS.get(column, column), {})
    return WriteLine(
        store=STORES[write["store"]],
        where=f"{write['store']}.{write['table']}.{column}",
        key=_key_words(write["key"], account_id),
        old=cell_words(write, write["stored"]),
        new=cell_words(write, write["truth"]),
        rule=write["rule"],
        because=reason.get("text", ""),
    )


def cell_words(write: Json, value: object) -> str:
    """A value of the write's column as people say it."""
    if write["column"] == "level" and value is None:
        return "no block"
    if write["column"] in _BALANCES and isinstance(value, int):
        return amount_words(value, write["key"]["currency"])
    if write["column"].endswith("_at") and isinstance(value, str):
        return moment_words(value)
    return value_words(value)


def stores_of(writes: Iterable[Json]) -> list[str]:
    """The names of the stores that the writes touch, each once, in the plan's order."""
    return list(dict.fromkeys(STORES[write["store"]] for write in writes))


def _key_words(key: Json, account_id: str) -> str:
    """The parts of a key that the page's own account does not say already."""
    return ", ".join(str(value) for value in key.values() if value != account_id)

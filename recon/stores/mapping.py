"""The store mapping: a TOML file that says where a company has the reference schema's tables and columns.

    [subs_account.accounts]
    relation = "crm.customer"
    filter = { tenant = "eu", deleted_at = { null = true } }
    touched = "modified"

    [subs_account.accounts.columns]
    account_id = "customer_no"
    status = { column = "st", values = { 1 = "open", 2 = "closed" } }
    closed_at = { column = "closed_on", form = "utc" }
    primary_subscription_id = { absent = true }
    row_version = "lock_no"

    [cf_prod]
    apply = false                       # read, and never written to

A store that the file does not name, or of which it names no table, has the reference schema; of one whose tables it
names, every table and column is told. All that is wrong with a file is said at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from recon.engine.enums import DebtState, PaymentStatus, StoreName
from recon.engine.facts import Stored
from recon.engine.schema import TABLES, Column, ColumnType, Kind
from recon.stores.relation import VERSION, Form, NativeColumn, Relation
from recon.stores.tables import Table

StoreTables = Mapping[StoreName, tuple[Table, ...]]

MAY_LACK: Final = frozenset({"customer_aliases", "intents", "adjustments", "contracts"})
FINDS_ROWS: Final = frozenset({"account_id", "invoice_id", "stripe_customer_id", "merged_into"})  # as text, unchanged
CLOSED: Final[Mapping[str, type[StrEnum]]] = {
    "state": DebtState,
    "raw_state": DebtState,
    "payment_status": PaymentStatus,
}
HOLDS: Final[Mapping[ColumnType, type]] = {
    ColumnType.TEXT: str,
    ColumnType.CURRENCY: str,
    ColumnType.INTEGER: int,
    ColumnType.BOOLEAN: bool,
    ColumnType.TIME: datetime,
}
FORMS: Final = {ColumnType.TIME: {Form.UTC, Form.EPOCH_SECONDS}}
APPLY: Final = "apply"
OF_TABLE: Final = frozenset({"relation", "filter", "touched", "columns", "absent"})
OF_COLUMN: Final = frozenset({"column", "values", "form", "constant", "absent"})
SHAPE: Final = 'give a column, or { column = "..." } with values or form, or { constant = ... }, or { absent = true }'


@dataclass(frozen=True, slots=True)
class MappedStore:
    """Where a store's tables are (none told: as the reference schema has them), and whether it may be written to."""

    relations: tuple[Relation, ...] = ()
    apply: bool = True


Mapped = Mapping[StoreName, MappedStore]


class MappingError(Exception):
    """A file that is no store mapping. Each of `problems` says file, place, what, and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_mapping(path: Path, stores: StoreTables) -> Mapped:
    """The stores that the file names. Raises MappingError."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError([f"{path}: cannot be read ({error.strerror}); correct STORE_MAPPING"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError([f"{path}: is not TOML: {error}"]) from error
    reader = _Reader(path)
    mapped = {}
    for name, tables in reader.named(told, {store.value for store in stores}, "", "store"):
        store = StoreName(name)
        mapped[store] = reader.store(name, tables, stores[store])
    if reader.problems:
        raise MappingError(reader.problems)
    return mapped


@dataclass(slots=True)
class _Reader:
    """Reads on after a mistake, to find the others: what it gives is of use when there are no problems."""

    path: Path
    problems: list[str] = field(default_factory=list)

    def wrong(self, place: str, told: str) -> None:
        self.problems.append(f"{self.path}: {place or 'top'}: {told}")

    def named(self, told: object, known: set[str], place: str, what: str) -> Iterator[tuple[str, Any]]:
        """The entries of a TOML table whose names are known; the others are wrong."""
        if not isinstance(told, dict):
            self.wrong(place, f"a table of {what}s is needed here")
            return
        for name, value in told.items():
            if name in known:
                yield name, value
            else:
                self.wrong(place, f"there is no {what} {name!r}; there are {', '.join(sorted(known))}")

    def store(self, name: str, told: object, tables: tuple[Table, ...]) -> MappedStore:
        known = {table.name: table for table in tables}
        given = dict(self.named(told, {*known, APPLY}, name, "table"))
        apply = given.pop(APPLY, True)
        if not isinstance(apply, bool):
            self.wrong(f"{name}.{APPLY}", "say true, or false where the store is never to be written to")
        return MappedStore(tuple(self.relations(name, given, known)) if given else (), apply is not False)

    def relations(self, name: str, given: Mapping[str, object], known: Mapping[str, Table]) -> Iterator[Relation]:
        for missing in sorted(known.keys() - given.keys()):
            self.wrong(name, f"the table {missing} is left out; name its relation{_or_absent(missing)}")
        places: dict[tuple[str, ...], str] = {}
        for table, value in given.items():
            relation = self.relation(f"{name}.{table}", value, TABLES[StoreName(name)][table].columns, known[table])
            if relation.there and places.setdefault(relation.place, table) != table:
                self.wrong(f"{name}.{table}", f"its relation is that of {places[relation.place]} too; each has its own")
            yield relation

    def relation(self, place: str, told: object, columns: tuple[Column, ...], table: Table) -> Relation:
        given = dict(self.named(told, set(OF_TABLE), place, "setting"))
        if given.get("absent") is True:
            return self._lacking(place, given, columns, table)
        relation = Relation(
            table=table.name,
            place=self._place(place, given.get("relation")),
            columns=self._columns(f"{place}.columns", given.get("columns", {}), columns, table),
            filter=tuple(self._filter(f"{place}.filter", given.get("filter", {}))),
            touched=self._identifier(f"{place}.touched", given["touched"]) if "touched" in given else None,
        )
        self._refuse_twice(place, relation)
        return relation

    def _lacking(self, place: str, given: dict[str, Any], columns: tuple[Column, ...], table: Table) -> Relation:
        if table.name not in MAY_LACK:
            self.wrong(place, "no verdict can do without this table; name its relation")
        if given.keys() != {"absent"}:
            self.wrong(place, "a table that is absent has no other settings; take them away")
        return Relation(table.name, ("",), {one.name: NativeColumn(one, None) for one in columns}, there=False)

    def _place(self, place: str, told: object) -> tuple[str, ...]:
        parts = tuple(told.split(".")) if isinstance(told, str) else ()
        if len(parts) != 2:
            self.wrong(f"{place}.relation", 'the relation is needed, with its schema: "schema.table"')
            return ("", "")
        return tuple(self._identifier(f"{place}.relation", part) for part in parts)

    def _identifier(self, place: str, told: object) -> str:
        if isinstance(told, str) and len(told) > 2 and told.startswith('"') and told.endswith('"'):
            self.wrong(place, f"{told} is to be named without its quotes, whatever letters it has")
            return ""
        if isinstance(told, str) and told and not {"\0", "%"}.intersection(told) and len(told.encode()) < 64:
            return told
        self.wrong(place, f"{told!r} is no name of up to 63 bytes without % and NUL; give the column or relation one")
        return ""

    def _filter(self, place: str, told: object) -> Iterator[tuple[str, str | None]]:
        if not isinstance(told, dict):
            self.wrong(place, 'give columns and their one value: { tenant = "eu", deleted_at = { null = true } }')
            return
        for name, value in told.items():
            column = self._identifier(f"{place}.{name}", name)
            if value == {"null": True}:
                yield column, None
            elif isinstance(value, (str, int)) and "%" not in str(value):
                yield column, str(value).lower() if isinstance(value, bool) else str(value)
            else:
                self.wrong(f"{place}.{name}", "give one text without %, an integer, true or false, or { null = true }")

    def _columns(
        self, place: str, told: object, columns: tuple[Column, ...], table: Table
    ) -> Mapping[str, NativeColumn]:
        known = {column.name: column for column in columns}
        given = dict(self.named(told, set(known), place, "column"))
        for name in sorted(known.keys() - given.keys()):
            self.wrong(place, f"the column {name} is left out; {SHAPE}")
        written = {*table.derived, *(table.key if table.derived else ())}
        return {
            name: self._column(f"{place}.{name}", given[name], known[name], table, name in written)
            for name in known
            if name in given
        }

    def _column(self, place: str, told: object, ours: Column, table: Table, written: bool) -> NativeColumn:
        shorthand = {"column": told} if isinstance(told, str) else told
        given = dict(self.named(shorthand, set(OF_COLUMN), place, "setting"))
        ways = given.keys() & {"column", "constant", "absent"}
        if len(ways) != 1 or given.get("absent", True) is not True or ("column" not in ways and given.keys() != ways):
            self.wrong(place, SHAPE)
            return NativeColumn(ours, None)
        if "column" not in ways:
            return NativeColumn(ours, None, constant=self._constant(place, given, ours, table))
        native = self._identifier(place, given["column"])
        form = self._form(place, given.get("form"), ours, written)
        values = dict(self._values(f"{place}.values", given["values"], ours)) if "values" in given else {}
        if values and written:
            self._refuse_lossy(f"{place}.values", values, ours, dict(table.ours).get(ours.name))
        return NativeColumn(ours, native, tuple(values.items()), form)

    def _constant(self, place: str, given: dict[str, Any], ours: Column, table: Table) -> Stored:
        """What each row is read as having, where the company has no such column."""
        lacks = "absent" in given
        if ours.name in table.key or (ours.name in FINDS_ROWS and (ours.required or not lacks)):
            self.wrong(place, "rows are found by this column; name the one that the relation has")
        elif lacks and ours.required:
            self.wrong(place, "no row can do without it; name a column, or give { constant = ... }")
        if isinstance(given.get("constant"), str) and "%" in given["constant"]:
            self.wrong(place, "a constant cannot have a %; have a view say it")
        return ours.default if lacks else self._ours(place, given["constant"], ours)

    def _ours(self, place: str, told: Any, ours: Column) -> Stored:
        """A value of the reference schema."""
        holds, closed = HOLDS[ours.holds], closed_words(ours)
        value: Stored = told
        if type(told) is not holds or (isinstance(told, datetime) and told.tzinfo is None):
            self.wrong(place, f"{told!r} is no {ours.holds.value}, which {ours.name} holds")
            return None
        if closed is not None and told not in closed._value2member_map_:
            self.wrong(place, f"{ours.name} is never {told!r}; it is one of {', '.join(closed)}")
        return value

    def _form(self, place: str, told: object, ours: Column, written: bool) -> Form | None:
        if told is None:
            return None
        fit = {Form.STAMP} if ours.name == VERSION else FORMS.get(ours.holds, set())
        if not isinstance(told, str) or told not in fit:
            names = ", ".join(sorted(fit)) or "none"
            self.wrong(place, f"the form {told!r} does not suit {ours.name}; it may have {names}")
            return None
        if told == Form.EPOCH_SECONDS and written:
            self.wrong(place, "the engine writes moments that whole seconds cannot hold; use a column of timestamps")
        return Form(told)

    def _values(self, place: str, told: object, ours: Column) -> Iterator[tuple[str, Stored]]:
        if ours.name in FINDS_ROWS or ours.holds in (ColumnType.TIME, ColumnType.INTEGER):
            self.wrong(place, f"{ours.name} is read as it is; take its values away")
        if not isinstance(told, dict) or not told:
            self.wrong(place, 'give the database\'s texts and ours: { Y = true, N = false } or { 1 = "open" }')
            return
        for native, value in told.items():
            if (mine := self._ours(f"{place}.{native}", value, ours)) is not None:
                yield native, mine

    def _refuse_lossy(self, place: str, values: Mapping[str, Stored], ours: Column, only: str | None) -> None:
        """What the engine writes must be spelt in one way: each value of a closed set, the default, our `only` one."""
        spelt: dict[Stored, str] = {}
        for native, mine in values.items():
            if (first := spelt.setdefault(mine, native)) != native:
                told = f"{first!r} and {native!r} both mean {mine!r}; leave one"
                self.wrong(place, f"{told}: the engine writes this column, and could not tell which")
        closed = (
            {only} if only else {True, False} if ours.holds is ColumnType.BOOLEAN else set(closed_words(ours) or ())
        )
        needed = closed | ({ours.default} if ours.kind is Kind.DERIVED and ours.default is not None else set())
        if missing := sorted(str(one) for one in needed - spelt.keys()):
            self.wrong(place, f"the engine may write {', '.join(missing)}; say how each is spelt")

    def _refuse_twice(self, place: str, relation: Relation) -> None:
        seen: dict[str, str] = {}
        spoken = [(name, column.native) for name, column in relation.columns.items() if column.native]
        others = [("touched", relation.touched)] if relation.touched else []
        for name, native in [*spoken, *others, *(("filter", name) for name, _ in relation.filter)]:
            if (first := seen.setdefault(native, name)) != name:
                self.wrong(place, f"{first} and {name} both are the column {native!r}; each has its own")


def _or_absent(table: str) -> str:
    return ", or say absent = true" if table in MAY_LACK else ""


def closed_words(ours: Column) -> type[StrEnum] | None:
    """The values that a text may have, where they are known."""
    return ours.values or CLOSED.get(ours.name)

"""Where a table of the reference schema really is: its relation, its columns, how its values are spelt there.

Reading: the relation stands in every query as a subquery with the reference's columns, which the planner sees through;
values that are spelt otherwise come as the database's text, and `translate` makes ours of them. Writing: `native` does
the reverse, cell by cell. Identifiers and literals are psycopg's alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final, LiteralString

from psycopg import sql

from recon.engine.facts import Stored
from recon.engine.schema import Column, ColumnType, Kind
from recon.stores.base import RowWrite

VERSION: Final = "row_version"
TYPES: Final[Mapping[ColumnType, LiteralString]] = {
    ColumnType.TEXT: "text",
    ColumnType.CURRENCY: "text",
    ColumnType.INTEGER: "bigint",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIME: "timestamptz",
}
# A number that PostgreSQL has no moment for would fail the whole query, and with it everybody else's rows.
CALENDAR: Final[LiteralString] = (
    "CASE WHEN {0} BETWEEN -210866803200 AND 9224318015999 THEN to_timestamp({0})"
    " WHEN {0} IS NOT NULL THEN 'infinity'::timestamptz END"
)
STRANGE: Final = "? "  # before a text of the database's that stands where a word of ours is wanted
Cells = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A moment that Python has no value for: infinity, before year 1, after 9999."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def told(self) -> str:
        return f"holds a date that nobody can work with ({self.text}); ask the store's owner to correct it"


@dataclass(frozen=True, slots=True)
class Untranslated(Unreadable):
    """A value that the store mapping has no word for."""

    @property
    def told(self) -> str:
        return f"holds {self.text!r}, which the store mapping does not translate; add it to the column's values"

    def as_derived(self, ours: Column) -> Stored:
        """What a DERIVED cell is read as that holds it: no value that could be true, so it differs and is repaired."""
        return None if ours.holds is ColumnType.BOOLEAN else STRANGE + self.text


class Form(StrEnum):
    """How a time, or a version, is kept where it is not a timestamptz, or an integer."""

    UTC = "utc"  # a timestamp without a time zone that means UTC
    EPOCH_SECONDS = "epoch_seconds"  # an integer
    STAMP = "stamp"  # a timestamp of the row's last change, read as its version, in microseconds


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """A column of the reference schema. `native` None: the table lacks it, and each row is read as with `constant`.

    `values` are pairs: the database's text of a value, and ours.
    """

    ours: Column
    native: str | None
    values: tuple[tuple[str, Stored], ...] = ()
    form: Form | None = None
    constant: Stored = None

    def expression(self) -> sql.Composable:
        """What a query reads, of the relation `n`."""
        if self.native is None:
            return sql.SQL("{}::" + TYPES[self.ours.holds]).format(sql.Literal(self.constant))
        return sql.SQL(self._template()).format(sql.Identifier("n", self.native))

    def _template(self) -> LiteralString:
        if self.values or self.ours.holds in (ColumnType.TEXT, ColumnType.CURRENCY):
            return "{}::text"
        match self.form:
            case Form.UTC:
                return "{} AT TIME ZONE 'UTC'"
            case Form.EPOCH_SECONDS:
                return CALENDAR
            case Form.STAMP:
                return "(extract(epoch FROM {}) * 1000000)::bigint"
        return "{}"

    def spelt(self, value: Any) -> Any:
        """Our value as the database takes it. Raises KeyError for one that has no translation."""
        if value is None:
            return None
        if self.values:
            if isinstance(value, str) and value.startswith(STRANGE):
                return value.removeprefix(STRANGE)
            return {ours: native for native, ours in self.values}[value]
        if self.form is Form.UTC and isinstance(value, datetime):
            return value.astimezone(UTC).replace(tzinfo=None)
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A table of the reference schema as it is in one company: `columns` empty means, as the reference has it.

    `filter` are native columns and the one text (None: null) by which its rows are told from others' in the relation.
    `touched` is the native column that holds when a row was changed. Not `there`: the company has no such table.
    """

    table: str
    place: tuple[str, ...]
    columns: Mapping[str, NativeColumn]
    filter: tuple[tuple[str, str | None], ...] = ()
    touched: str | None = None
    there: bool = True

    @classmethod
    @cache
    def reference(cls, table: str) -> "Relation":
        return cls(table, (table,), {}, touched="updated_at")

    @property
    def target(self) -> sql.Identifier:
        """What a statement writes to."""
        return sql.Identifier(*self.place)

    def source(self) -> sql.Composable:
        """What a query reads from: it has the reference's columns, and needs an alias."""
        if not self.columns:
            return self.target
        names = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(column.expression(), sql.Identifier(name))
            for name, column in self.columns.items()
        )
        if not self.there:
            return sql.SQL("(SELECT {} WHERE false)").format(names)
        where = sql.SQL(" AND ").join([sql.SQL("true"), *self.conditions("n")])
        return sql.SQL("(SELECT {} FROM {} n WHERE {})").format(names, self.target, where)

    def conditions(self, *qualifier: str) -> list[sql.Composable]:
        """That a row is one of its own."""
        return [
            sql.SQL("{} IS NOT DISTINCT FROM {}").format(sql.Identifier(*qualifier, name), sql.Literal(value))
            if value is None
            else sql.SQL("{} = {}").format(sql.Identifier(*qualifier, name), sql.Literal(value))
            for name, value in self.filter
        ]

    def translate(self, rows: Iterable[dict[str, Any]]) -> None:
        """Database's texts into our values, in place; what nobody knows becomes `Untranslated`."""
        spoken = {name: dict(column.values) for name, column in self.columns.items() if column.values}
        for row in rows if spoken else ():
            for name, values in spoken.items():
                native = row.get(name)
                if native is not None:
                    row[name] = values[native] if native in values else Untranslated(native)

    def translate_derived(self, row: dict[str, Any]) -> None:
        """The same of a row of which each cell is ours: what nobody knows becomes what it is read as."""
        self.translate([row])
        for name, value in row.items():
            if isinstance(value, Untranslated):
                row[name] = value.as_derived(self.columns[name].ours)

    def native(self, cells: Cells) -> Cells:
        """Cells of ours as the relation has them, names and values."""
        if not self.columns:
            return cells
        mapped = [(self.columns[name], value) for name, value in cells]
        return tuple((column.native or "", column.spelt(value)) for column, value in mapped)

    def unchanged(self, cells: Cells) -> Iterator[tuple[sql.Composable, Any]]:
        """Conditions that the row still holds these cells of ours, each with its one parameter."""
        for (name, value), (native, spelt) in zip(cells, self.native(cells), strict=True):
            column = self.columns.get(name)
            if value is None and column is not None and column.values and column.ours.holds is ColumnType.BOOLEAN:
                known = [text for text, _ in column.values]  # what none of them says was read as None, too
                yield sql.SQL("({}::text = ANY(%s)) IS NOT TRUE").format(sql.Identifier(native)), known
            else:
                yield sql.SQL("{} IS NOT DISTINCT FROM %s").format(sql.Identifier(native)), spelt

    def names(self, ours: Iterable[str]) -> frozenset[str]:
        """The native names of these columns; a column that it lacks has none."""
        if not self.columns:
            return frozenset(ours)
        return frozenset(native for name in ours if (native := self.columns[name].native) is not None)

    def lacks(self, ours: Iterable[str]) -> list[str]:
        return [name for name in ours if self.columns and self.columns[name].native is None]

    def version(self) -> sql.Composable:
        """The row's version, as a write compares it: a row that never had one is read as 0."""
        column = self.columns.get(VERSION)
        if column is None or column.native is None:
            return sql.Identifier(VERSION)
        return sql.SQL("coalesce(" + column._template() + ", 0)").format(sql.Identifier(column.native))

    def advance(self) -> list[sql.Composable]:
        """What an update sets besides: the next version, and when."""
        column = self.columns.get(VERSION)
        name = sql.Identifier(column.native if column and column.native else VERSION)
        stamped = column is not None and column.form is Form.STAMP
        step = "{0} = greatest(clock_timestamp(), {0} + interval '1 microsecond')" if stamped else "{0} = {0} + 1"
        if self.columns and not stamped:
            step = "{0} = coalesce({0}, 0) + 1"
        said: list[sql.Composable] = [sql.SQL(step).format(name)]
        if self.touched:
            said.append(sql.SQL("{} = now()").format(sql.Identifier(self.touched)))
        return said

    def added(self, write: RowWrite) -> Cells:
        """What an insert sets besides, where the relation's own defaults are nothing to rely on: 'now' is the
        transaction's time to PostgreSQL."""
        if not self.columns:
            return ()
        given = {name for name, _ in (*write.key, *write.after)}
        left = [one for name, one in self.columns.items() if one.ours.kind is Kind.DERIVED and name not in given]
        version = self.columns[VERSION]
        return (
            *((column.native or "", column.spelt(column.ours.default)) for column in left),
            (version.native or "", "now" if version.form is Form.STAMP else 0),
            *(((self.touched, "now"),) if self.touched else ()),
            *self.filter,
        )

    def hindrances(self, write: RowWrite) -> Iterator[str]:
        """Why the write cannot be said in this relation."""
        if not self.columns:
            return
        if self.columns[VERSION].native is None:
            yield "its rows have no version to compare, so nothing may be written; name one in the store mapping"
        cells = [*write.key, *write.before, *write.after]
        if write.row_version is None:
            cells += [(name, one.ours.default) for name, one in self.columns.items() if one.ours.kind is Kind.DERIVED]
        for name, value in cells:
            column = self.columns[name]
            if column.native is None:
                yield f"{name} has no column there; name one in the store mapping"
                continue
            try:
                column.spelt(value)
            except KeyError:
                yield f"{name} has no spelling of {value!r}; add it to the column's values in the store mapping"

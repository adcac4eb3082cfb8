"""`manage.py check`: the store mapping's file and, with `--database default`, how it fits the live catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from celery.signals import worker_init
from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register

from recon.bootstrap import store_mapping
from recon.engine.schema import ColumnType
from recon.stores.mapping import FINDS_ROWS, MappingError, closed_words
from recon.stores.relation import VERSION, Form, NativeColumn, Relation
from recon.stores.tables import Table

WHOLE: Final = frozenset({"int2", "int4", "int8"})
TEXTS: Final = frozenset({"text", "varchar", "bpchar", "citext", "enum"})
TYPES: Final[Mapping[ColumnType, frozenset[str]]] = {
    ColumnType.TEXT: TEXTS | WHOLE | {"uuid"},
    ColumnType.CURRENCY: TEXTS,
    ColumnType.INTEGER: WHOLE,
    ColumnType.BOOLEAN: frozenset({"bool"}),
    ColumnType.TIME: frozenset({"timestamptz"}),
}
TYPES_OF_FORM: Final[Mapping[Form, frozenset[str]]] = {
    Form.UTC: frozenset({"timestamp"}),
    Form.EPOCH_SECONDS: WHOLE,
    Form.STAMP: frozenset({"timestamp", "timestamptz"}),
}
# A domain may be of a domain.
COLUMNS: Final = """
WITH RECURSIVE named (name, oid) AS (
    SELECT attname, atttypid FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT name, typbasetype FROM named JOIN pg_type USING (oid) WHERE typtype = 'd'
)
SELECT name, CASE WHEN typtype = 'e' THEN 'enum' ELSE typname END,
    ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = pg_type.oid)
FROM named JOIN pg_type USING (oid) WHERE typtype <> 'd'
"""
# A view has no index: those of the tables that it is made of are its owner's affair, here and below.
NOT_INDEXED: Final = """
SELECT format('((%%I)::text)', %s::text) FROM pg_class WHERE oid = %s::regclass AND relkind <> 'v' AND NOT EXISTS (
    SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisvalid
        AND pg_get_indexdef(indexrelid, 1, false) = format('((%%I)::text)', %s::text)
)
"""
IS_VIEW: Final = "SELECT relkind = 'v' FROM pg_class WHERE oid = %s::regclass"
UNIQUE: Final = """
SELECT array_agg(attname::text) FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
WHERE indrelid = %s::regclass AND indisunique AND indpred IS NULL AND indexprs IS NULL GROUP BY indexrelid
"""
Types = Mapping[str, tuple[str, Sequence[str]]]


@register()
def check_mapping(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    try:
        store_mapping()
    except MappingError as error:
        hint = "The README's section on your own schema shows the shape of the file."
        return [Error(problem, hint=hint, id="recon.E060") for problem in error.problems]
    return []


@worker_init.connect
def refuse_wrong_mapping(**_: Any) -> None:
    """Called where a server starts. SystemExit, for Celery passes over all else: its stores would be nowhere."""
    if told := check_mapping():
        raise SystemExit("\n".join(message.msg for message in told))


def is_in_reach(conn: psycopg.Connection, relation: Relation, where: str) -> Iterator[CheckMessage]:
    """Whether its schema is there, and the role may look into it."""
    schema = relation.place[0]
    row = conn.execute(
        "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = %s", [schema]
    ).fetchone()
    if row is None:
        yield Error(f"{where}: there is no schema {schema}.", hint="Correct its relation.", id="recon.E061")
    elif not row[0]:
        hint = f"GRANT USAGE ON SCHEMA {schema} to it."
        yield Error(f"{where}: the engine's role may not use the schema {schema}.", hint=hint, id="recon.E061")


def check_columns(conn: psycopg.Connection, table: Table, where: str, *, is_written: bool) -> Iterator[CheckMessage]:
    """A mapped table's columns, all of which are there: can they be read exactly, and, where it is, written?"""
    relation = table.relation
    place = relation.target.as_string(conn)
    types = {name: (held, labels) for name, held, labels in conn.execute(COLUMNS, [place])}
    for name, column in relation.columns.items():
        if column.native is not None:
            yield from _check_type(column, types, f"{where}.{name}")
            yield from _check_index(conn, column, types, place, f"{where}.{name}")
    if table.derived and is_written:
        yield from _check_writable(conn, table, place, where)


def _check_type(column: NativeColumn, types: Types, where: str) -> Iterator[CheckMessage]:
    held, labels = types[column.native or ""]
    fit = TYPES[column.ours.holds]
    if column.values:
        fit = TEXTS | WHOLE | {"bool"}
    elif column.form is not None:
        fit = TYPES_OF_FORM[column.form]
    if held not in fit:
        otherwise = "" if column.ours.holds is ColumnType.INTEGER else ", or give it values or a form"
        hint = f"It can be exact with {', '.join(sorted(fit))}: name such a column, of a view if need be{otherwise}."
        yield Error(f"{where}: its column {column.native} is {held}.", hint=hint, id="recon.E062")
        return
    if never := [native for native, _ in column.values if not _can_be(native, held, labels)]:
        hint = "Spell its values as column::text does."
        told = f"{where}: its column {column.native}, of {held}, never holds {', '.join(map(repr, never))}."
        yield Error(told, hint=hint, id="recon.E063")
    elif unsaid := _unsaid(column, ("true", "false") if held == "bool" else labels):
        hint = "Add each to the column's values: without them an account that has one is unknown, or drifts."
        told = f"{where}: nothing says what {', '.join(map(repr, unsaid))} of its column {column.native} means."
        yield Warning(told, hint=hint, id="recon.W070")


def _unsaid(column: NativeColumn, labels: Sequence[str]) -> list[str]:
    """Of all that the column's type can hold, what neither the file nor the contract knows."""
    closed = closed_words(column.ours)
    if column.values:
        return [label for label in labels if label not in dict(column.values)]
    return [label for label in labels if closed and label not in closed._value2member_map_]


def _can_be(native: str, held: str, labels: Sequence[str]) -> bool:
    """Is this how PostgreSQL writes a value of the type as text?"""
    if held in WHOLE:
        digits = native.removeprefix("-")
        return digits.isascii() and digits.isdigit() and str(int(native)) == native
    match held:
        case "bool":
            return native in {"true", "false"}
        case "enum":
            return native in labels
        case "bpchar":
            return native == native.rstrip(" ")
    return True


def _check_index(
    conn: psycopg.Connection, column: NativeColumn, types: Types, place: str, where: str
) -> Iterator[CheckMessage]:
    native = column.native or ""
    if column.ours.name not in FINDS_ROWS or types[native][0] in {"text", "varchar"}:
        return
    for (wanted,) in conn.execute(NOT_INDEXED, [native, place, native]):
        told = f"{where}: rows are found by the text of its column {native}, and no index is of that."
        yield Warning(told, hint=f"CREATE INDEX ON {place} ({wanted}).", id="recon.W064")


def _check_writable(conn: psycopg.Connection, table: Table, place: str, where: str) -> Iterator[CheckMessage]:
    relation = table.relation
    if lacks := relation.lacks((VERSION, *sorted(table.derived))):
        hint = "Name a column for each, or leave it at reading: an apply that needs them is refused."
        yield Warning(f"{where}: has no {', '.join(lacks)}.", hint=hint, id="recon.W065")
    if conn.execute(IS_VIEW, [place]).fetchone() == (True,):
        return
    told_by = {*relation.names(table.key), *(name for name, _ in relation.filter)}
    if not any(set(columns) <= told_by for (columns,) in conn.execute(UNIQUE, [place])):
        hint = f"CREATE UNIQUE INDEX on {', '.join(sorted(told_by))}, or correct the columns of its key."
        yield Warning(f"{where}: nothing keeps its key from standing there twice.", hint=hint, id="recon.W066")

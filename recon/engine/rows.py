"""The five databases' rows → facts, checked row by row.

A value that is already what its column holds, as drivers give it, is taken as it is; any other goes the long way, which
converts it or says where it stands and what is wrong with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recon.engine.enums import BlockReason, StoreName
from recon.engine.facts import BillingBlock, Facts, Problem, Read, StripeFacts
from recon.engine.schema import TABLES, Column, ColumnType, Kind, Table
from recon.engine.values import (
    BIGINT,
    CaseError,
    boolean,
    currency,
    identifier,
    integer,
    is_currency,
    mapping,
    rfc3339,
    text,
    time,
)

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""A FACT's date outside these years is a zero date or a filler for *never*: money is not judged by it."""

_SHARED_TABLES = frozenset({"customers", "customer_aliases", "invoices", "payments", "adjustments"})
"""Tables in which rows of other accounts may count; of the others, the account's own rows alone are read."""

_LEFT_OUT = object()
"""Stands for the value of a column that a row does not have."""


class RowReader:
    """The five databases' rows of one case, parsed table by table."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.problems: list[Problem] = []
        self.parsed: dict[str, list[Any]] = {}
        self.billing_block: BillingBlock | None = None
        self.owner_of_invoice: dict[str, str] = {}

    def read(self, store: StoreName, tables: Mapping[str, Sequence[Any]]) -> None:
        """Raises `CaseError` on the first malformed row."""
        for reading in _READINGS[store]:
            name, given = reading.table.name, tables[reading.table.name]
            if not given:
                self.parsed[name] = []
                continue
            rows = [mapping(row, f"{reading.path}[{place}]") for place, row in enumerate(given)]
            values = [_values(reading, row, place) for place, row in enumerate(rows)]
            if len(values) > 1:
                _refuse_twice(reading, values)
            if name == "invoices":
                self.owner_of_invoice = {value["invoice_id"]: value["account_id"] for value in values}
            self.parsed[name] = [
                fact
                for value in values
                if self._counts(name, value) and (fact := self._fact(reading, value)) is not None
            ]

    def facts(self, reads: tuple[Read, ...], stripe_problems: tuple[Problem, ...], stripe: StripeFacts) -> Facts:
        return Facts(
            account_id=self.account_id,
            reads=reads,
            problems=(*self.problems, *stripe_problems),
            account=self._own("accounts"),
            customers=self._all("customers"),
            aliases=self._all("customer_aliases"),
            dunning=self._own("dunning"),
            balances=self._all("balances"),
            intents=tuple(sorted(self._all("intents"), key=lambda intent: intent.intent_id)),
            invoices=self._all("invoices"),
            payments=self._all("payments"),
            adjustments=self._all("adjustments"),
            contract=self._own("contracts"),
            flags=self._own("account_flags"),
            entitlement=self._own("entitlements"),
            blocks=tuple(sorted(self._all("blocks"), key=lambda block: block.reason)),
            billing_block=self.billing_block,
            stripe=stripe,
        )

    def _counts(self, name: str, value: Mapping[str, Any]) -> bool:
        return name in _SHARED_TABLES or value["account_id"] == self.account_id

    def _fact(self, reading: "_Reading", value: dict[str, Any]) -> Any:
        """The row's fact; None where a value is unintelligible, or where the row is the engine's own block."""
        if reading.table.name == "blocks" and value["reason"] == BlockReason.BILLING_DEBT:
            self.billing_block = BillingBlock(value["level"], value["row_version"])
            return None
        doubts = [(column, doubt) for column in reading.judged if (doubt := _doubt(column, value[column.name]))]
        for column, doubt in doubts:
            self._problem(reading, value, column, doubt)
        if doubts:
            return None
        for name, members in reading.closed:
            value[name] = members[value[name]]
        return reading.table.row_type(*value.values())

    def _problem(self, reading: "_Reading", value: Mapping[str, Any], column: Column, reason: str) -> None:
        table = reading.table
        key = ",".join(str(value[name]) for name in table.key)
        owner = value.get("account_id") or self.owner_of_invoice.get(value.get("invoice_id", ""))
        self.problems.append(Problem(table.store, f"{table.path}[{key}].{column.name}", reason, owner))

    def _all(self, name: str) -> tuple[Any, ...]:
        return tuple(self.parsed.get(name, ()))

    def _own(self, name: str) -> Any:
        rows = self.parsed.get(name, ())
        return rows[0] if rows else None


def _doubt(column: Column, value: Any) -> str | None:
    """Why a well-formed FACT or INTENT value is unintelligible; None where it is not. An intent may well end in the
    year 9999: it means no end."""
    if value is None:
        return None
    if column.values is not None and value not in column.values._value2member_map_:
        return f"{value[:40]!r} is not a value that the contract names"
    if column.kind is Kind.FACT and isinstance(value, datetime) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        return f"{rfc3339(value)} is no date that an account can have"
    return None


def _values(reading: "_Reading", row: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The row's columns in the table's order, checked one by one."""
    values = {}
    for name, column, is_plain in reading.columns:
        value = row.get(name, _LEFT_OUT)
        values[name] = value if is_plain(value) else _value(column, row, f"{reading.path}[{place}]")
    if reading.table.name == "adjustments" and values["kind"] == "write_off" and not values["approved_by"]:
        raise CaseError(f"{reading.path}[{place}].approved_by", "a write_off needs the person who approved it")
    return values


def _value(column: Column, row: Mapping[str, Any], path: str) -> Any:
    if column.name not in row:
        if column.required:
            raise CaseError(f"{path}.{column.name}", "the column is missing")
        return column.default
    value = row[column.name]
    if value is None:
        if column.required:
            raise CaseError(f"{path}.{column.name}", "the value is null, where none may be")
        return 0 if column.name == "row_version" else None
    return _typed(column, value, f"{path}.{column.name}")


def _typed(column: Column, value: object, path: str) -> Any:
    match column.holds:
        case ColumnType.TEXT:
            return identifier(value, path) if column.required else text(value, path)
        case ColumnType.INTEGER:
            return integer(value, path, column.minimum, column.maximum)
        case ColumnType.BOOLEAN:
            return boolean(value, path)
        case ColumnType.TIME:
            return time(value, path)
        case ColumnType.CURRENCY:
            return currency(value, path)


def _refuse_twice(reading: "_Reading", rows: Sequence[Mapping[str, Any]]) -> None:
    """A key or a unique value that stands twice is a contradiction within one store: which row is right is a guess."""
    table = reading.table
    for columns in (table.key, *((name,) for name in table.unique)):
        seen: set[tuple[Any, ...]] = set()
        for place, row in enumerate(rows):
            key = tuple([row[name] for name in columns])
            if None in key:
                continue
            if key in seen:
                raise CaseError(f"{reading.path}[{place}].{columns[-1]}", "the same key stands here twice")
            seen.add(key)


_IsPlain = Callable[[Any], bool]


def _is_plain(column: Column) -> _IsPlain:
    """Whether a value needs neither a check more nor a conversion; whoever says no to too many is slower, not wrong."""
    holds = _is_plain_value(column)
    if column.required or column.name == "row_version":
        return holds
    return lambda value: value is None or holds(value)


def _is_plain_value(column: Column) -> _IsPlain:
    match column.holds:
        case ColumnType.TEXT:
            return lambda value: type(value) is str and value != "" and "\0" not in value
        case ColumnType.INTEGER:
            lowest = -BIGINT if column.minimum is None else column.minimum
            highest = BIGINT - 1 if column.maximum is None else column.maximum
            return lambda value: type(value) is int and lowest <= value <= highest
        case ColumnType.BOOLEAN:
            return lambda value: value is True or value is False
        case ColumnType.TIME:
            return lambda value: type(value) is datetime and value.tzinfo is UTC
        case ColumnType.CURRENCY:
            return lambda value: type(value) is str and is_currency(value)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the rows of one table are read: what is asked of each column is looked up once.

    `judged` are the columns whose well-formed values may be unintelligible: a DERIVED one is drift at most. `closed`
    are those among them of a closed set, with its members by their values.
    """

    table: Table
    path: str
    columns: tuple[tuple[str, Column, _IsPlain], ...]
    judged: tuple[Column, ...]
    closed: tuple[tuple[str, Mapping[Any, Any]], ...]

    @classmethod
    def of(cls, table: Table) -> "_Reading":
        judged = [column for column in table.columns if column.kind is not Kind.DERIVED and _can_be_doubted(column)]
        closed = [(column.name, column.values._value2member_map_) for column in judged if column.values is not None]
        columns = tuple((column.name, column, _is_plain(column)) for column in table.columns)
        return cls(table, f"stores.{table.path}", columns, tuple(judged), tuple(closed))


def _can_be_doubted(column: Column) -> bool:
    return column.values is not None or (column.kind is Kind.FACT and column.holds is ColumnType.TIME)


_READINGS = {store: tuple(_Reading.of(table) for table in tables.values()) for store, tables in TABLES.items()}

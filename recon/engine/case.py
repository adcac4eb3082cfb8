"""Facts from rows: the stores' readings and the JSON of a case go through the same door, with the same checks.

A malformed row is a `CaseError` that names its path (`stores.billing_prod.invoices[2].currency`). A FACT or INTENT
value outside its closed set is well-formed but unintelligible: it becomes a `Problem`, which T0 answers with `unknown`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.engine.enums import BlockReason, StoreName
from recon.engine.facts import BillingBlock, Facts, Problem, Read, Reading, StripeFacts
from recon.engine.policy import Policy
from recon.engine.schema import STRIPE_LISTS, STRIPE_OPTIONAL_LISTS, TABLES, Column, ColumnType, Kind, Table
from recon.engine.stripe_objects import StripeReader
from recon.engine.values import (
    CaseError,
    boolean,
    currency,
    identifier,
    integer,
    mapping,
    rfc3339,
    sequence,
    text,
    time,
)

__all__ = ["Case", "CaseError", "case_json", "facts_from_readings", "read_case"]


@dataclass(frozen=True, slots=True)
class Case:
    """One account's facts, the policy and the moment at which they are judged."""

    facts: Facts
    policy: Policy
    now: datetime


def read_case(value: object) -> Case:
    """The JSON of a case → a case; raises `CaseError` naming the path of the first bad value."""
    case = mapping(value, "case")
    account_id = identifier(case.get("account_id"), "account_id")
    policy = Policy.from_json(case["policy"]) if case.get("policy") is not None else Policy()
    livemode = boolean(case.get("livemode", False), "livemode")
    now = time(case.get("now"), "now")
    readings = _readings(mapping(case.get("stores"), "stores"), _mapping_or_none(case.get("reads"), "reads"))
    return Case(facts_from_readings(account_id, readings, livemode=livemode), policy, now)


def case_json(
    account_id: str, readings: Iterable[Reading], policy: Policy, now: datetime, *, livemode: bool
) -> dict[str, Any]:
    """Readings back to the JSON of a case, as `explain` reads it."""
    stores: dict[str, Any] = {}
    reads: dict[str, Any] = {}
    for reading in readings:
        if not reading.ok:
            reads[reading.store] = {"ok": False, "reason": reading.reason}
            continue
        stores[reading.store] = {name: [_json_row(row) for row in rows] for name, rows in reading.tables.items()}
        if reading.as_of is not None:
            reads[reading.store] = {"as_of": rfc3339(reading.as_of)}
    return {
        "account_id": account_id,
        "now": rfc3339(now),
        "livemode": livemode,
        "policy": policy.to_json(),
        "reads": reads,
        "stores": stores,
    }


def _json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _readings(stores: Mapping[str, Any], reads: Mapping[str, Any]) -> list[Reading]:
    for path, names in (("stores", stores), ("reads", reads)):
        for name in names:
            if name not in StoreName._value2member_map_:
                raise CaseError(f"{path}.{name}", f"no such store; there are {', '.join(StoreName)}")
    return [_reading(store, stores, reads) for store in StoreName]


def _mapping_or_none(value: object, path: str) -> Mapping[str, Any]:
    return {} if value is None else mapping(value, path)


def _reading(store: StoreName, stores: Mapping[str, Any], reads: Mapping[str, Any]) -> Reading:
    read = _mapping_or_none(reads.get(store), f"reads.{store}")
    as_of = None if read.get("as_of") is None else time(read["as_of"], f"reads.{store}.as_of")
    if not boolean(read.get("ok", True), f"reads.{store}.ok"):
        given = read.get("reason")
        reason = "no reason was given" if given is None else text(given, f"reads.{store}.reason")
        return Reading(store, as_of, {}, ok=False, reason=reason)
    if store not in stores:
        return Reading(store, as_of, {}, ok=False, reason="the store is not in the case")
    tables = mapping(stores[store], f"stores.{store}")
    known = _tables_of(store)
    for name, rows in tables.items():
        if name not in known:
            raise CaseError(f"stores.{store}.{name}", f"no such table; there are {', '.join(known)}")
        sequence(rows, f"stores.{store}.{name}")
    return Reading(store, as_of, tables)


def _tables_of(store: StoreName) -> tuple[str, ...]:
    return (*STRIPE_LISTS, *STRIPE_OPTIONAL_LISTS) if store is StoreName.STRIPE else tuple(TABLES[store])


def facts_from_readings(account_id: str, readings: Iterable[Reading], *, livemode: bool) -> Facts:
    """What the stores said → facts of one account.

    `livemode` is the mode that Stripe's objects must have. A store that gave no reading counts as a failed read.
    Raises `CaseError` on the first malformed row.
    """
    by_store = {reading.store: reading for reading in readings}
    rows = _Rows(account_id)
    stripe = StripeReader(livemode=livemode)
    reads, lists = [], StripeFacts()
    for store in StoreName:
        reading = by_store.get(store) or Reading(store, None, {}, ok=False, reason="the store was not read")
        read = _checked(reading)
        reads.append(read)
        if not read.ok:
            continue
        if store is StoreName.STRIPE:
            for name in STRIPE_OPTIONAL_LISTS:
                sequence(reading.tables.get(name, ()), f"stores.{store}.{name}")
            lists = stripe.read(reading.tables, "stores.stripe")
        else:
            rows.read(store, reading.tables)
    return rows.facts(tuple(reads), tuple(stripe.problems), lists)


def _checked(reading: Reading) -> Read:
    if not reading.ok:
        return Read(reading.store, False, reading.reason or "no reason was given", reading.as_of)
    needed = STRIPE_LISTS if reading.store is StoreName.STRIPE else tuple(TABLES[reading.store])
    missing = [name for name in needed if name not in reading.tables]
    if missing:
        reason = f"the reading has no {', '.join(missing)}"
        return Read(reading.store, False, reason, reading.as_of)
    return Read(reading.store, True, None, reading.as_of)


_SHARED_TABLES = frozenset({"customers", "customer_aliases", "invoices", "payments", "adjustments"})
"""Tables in which rows of other accounts may count; of the others, the account's own rows alone are read."""


class _Rows:
    """The five databases' rows of one case, parsed table by table."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.problems: list[Problem] = []
        self.parsed: dict[str, list[Any]] = {}
        self.billing_block: BillingBlock | None = None
        self.owner_of_invoice: dict[str, str] = {}

    def read(self, store: StoreName, tables: Mapping[str, Sequence[Any]]) -> None:
        for name, table in TABLES[store].items():
            path = f"stores.{table.path}"
            rows = [mapping(row, f"{path}[{place}]") for place, row in enumerate(tables[name])]
            values = [_values(table, row, f"{path}[{place}]") for place, row in enumerate(rows)]
            _refuse_twice(table, values, path)
            if name == "invoices":
                self.owner_of_invoice = {value["invoice_id"]: value["account_id"] for value in values}
            self.parsed[name] = [
                fact for value in values if self._counts(name, value) and (fact := self._fact(table, value)) is not None
            ]

    def _counts(self, name: str, value: Mapping[str, Any]) -> bool:
        return name in _SHARED_TABLES or value["account_id"] == self.account_id

    def _fact(self, table: Table, value: dict[str, Any]) -> Any:
        """The row's fact; None where a value is unintelligible, or where the row is the engine's own block."""
        if table.name == "blocks" and value["reason"] == BlockReason.BILLING_DEBT:
            self.billing_block = BillingBlock(value["level"], value["row_version"])
            return None
        doubts = [(column, doubt) for column in table.columns if (doubt := _doubt(column, value[column.name]))]
        for column, doubt in doubts:
            self._problem(table, value, column, doubt)
        if doubts:
            return None
        for column in table.columns:
            if column.values is not None and column.kind is not Kind.DERIVED:
                value[column.name] = column.values(value[column.name])
        return table.row_type(*value.values())

    def _problem(self, table: Table, value: Mapping[str, Any], column: Column, reason: str) -> None:
        key = ",".join(str(value[name]) for name in table.key)
        owner = value.get("account_id") or self.owner_of_invoice.get(value.get("invoice_id", ""))
        self.problems.append(Problem(table.store, f"{table.path}[{key}].{column.name}", reason, owner))

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

    def _all(self, name: str) -> tuple[Any, ...]:
        return tuple(self.parsed.get(name, ()))

    def _own(self, name: str) -> Any:
        rows = self.parsed.get(name, ())
        return rows[0] if rows else None


FIRST_YEAR, LAST_YEAR = 1970, 2200
"""A FACT's date outside these years is a zero date or a filler for *never*: money is not judged by it."""


def _doubt(column: Column, value: Any) -> str | None:
    """Why a well-formed FACT or INTENT value is unintelligible; None where it is not. A DERIVED one is drift at most,
    and an intent may well end in the year 9999: it means no end."""
    if column.kind is Kind.DERIVED or value is None:
        return None
    if column.values is not None and value not in column.values._value2member_map_:
        return f"{value[:40]!r} is not a value that the contract names"
    if column.kind is Kind.FACT and isinstance(value, datetime) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        return f"{rfc3339(value)} is no date that an account can have"
    return None


def _values(table: Table, row: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The row's columns in the table's order, checked one by one."""
    values = {column.name: _value(column, row, path) for column in table.columns}
    if values.get("kind") == "write_off" and table.name == "adjustments" and not values["approved_by"]:
        raise CaseError(f"{path}.approved_by", "a write_off needs the person who approved it")
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


def _refuse_twice(table: Table, rows: Sequence[Mapping[str, Any]], path: str) -> None:
    """A key or a unique value that stands twice is a contradiction within one store: which row is right is a guess."""
    for columns in (table.key, *((name,) for name in table.unique)):
        seen: set[tuple[Any, ...]] = set()
        for place, row in enumerate(rows):
            key = tuple(row[name] for name in columns)
            if None in key:
                continue
            if key in seen:
                raise CaseError(f"{path}[{place}].{columns[-1]}", "the same key stands here twice")
            seen.add(key)

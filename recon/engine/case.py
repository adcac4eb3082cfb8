"""Facts from rows: the stores' readings and the JSON of a case go through the same door, with the same checks.

A malformed row is a `CaseError` that names its path (`stores.billing_prod.invoices[2].currency`). A FACT or INTENT
value outside its closed set is well-formed but unintelligible: it becomes a `Problem`, which T0 answers with `unknown`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.engine.enums import StoreName
from recon.engine.facts import Facts, Read, Reading, StripeFacts
from recon.engine.policy import Policy
from recon.engine.rows import RowReader
from recon.engine.schema import STRIPE_LISTS, STRIPE_OPTIONAL_LISTS, TABLES
from recon.engine.stripe_objects import StripeReader
from recon.engine.values import CaseError, boolean, identifier, mapping, rfc3339, sequence, text, time

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
    rows = RowReader(account_id)
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

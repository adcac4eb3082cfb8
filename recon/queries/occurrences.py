"""The dates that a store's rows carry themselves: when an invoice was issued, a payment settled, a dispute opened.

Rows are whatever a store said: a date that is none is no occurrence, and nothing here fails on it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Occurrence(NamedTuple):
    """Something that happened, by the row's own clock."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Dated:
    """Where a row holds a date (`name`, `within` another), what happened then, and of which rows that is said."""

    what: str
    name: str
    holds: Callable[[Row], bool] | None = None
    within: str = ""


def _is(name: str, *values: object) -> Callable[[Row], bool]:
    return lambda row: row.get(name) in values


_HAPPENED: Mapping[str, tuple[_Dated, ...]] = {
    "billing_prod.invoices": (_Dated("invoice_issued", "issued_at", _is("status", "issued", "void")),),
    "billing_prod.payments": (
        _Dated("payment_settled", "settled_at", _is("status", "settled")),
        _Dated("payment_begun", "created_at", _is("status", "pending")),
        _Dated("payment_failed", "created_at", _is("status", "failed")),
    ),
    "billing_prod.adjustments": (_Dated("adjusted", "effective_at"),),
    "billing_prod.contracts": (_Dated("contract_began", "starts_at"),),
    "subs_account.accounts": (_Dated("account_closed", "closed_at", _is("status", "closed")),),
    "cf_prod.blocks": (_Dated("blocked", "since"),),
    "stripe.customers": (_Dated("customer_created", "created"),),
    "stripe.subscriptions": (
        _Dated("subscription_started", "created"),
        _Dated("subscription_ended", "ended_at"),
    ),
    "stripe.invoices": (
        _Dated("invoice_finalized", "finalized_at", within="status_transitions"),
        _Dated("invoice_paid", "paid_at", _is("status", "paid"), within="status_transitions"),
        _Dated("invoice_voided", "voided_at", _is("status", "void"), within="status_transitions"),
        _Dated("invoice_uncollectible", "marked_uncollectible_at", within="status_transitions"),
    ),
    "stripe.payment_intents": (
        _Dated("payment_succeeded", "created", _is("status", "succeeded")),
        _Dated("payment_processing", "created", _is("status", "processing")),
    ),
    "stripe.charges": (
        _Dated("charge_failed", "created", _is("status", "failed")),
        _Dated("payment_succeeded", "created", lambda row: _is_lone_charge(row)),
    ),
    "stripe.disputes": (_Dated("dispute_opened", "created"),),
    "stripe.credit_notes": (_Dated("credit_note_issued", "created"),),
}
_SCHEDULED: Mapping[str, tuple[_Dated, ...]] = {
    "billing_prod.invoices": (_Dated("invoice_due", "due_at", _is("status", "issued")),),
    "billing_prod.contracts": (_Dated("contract_ended", "ends_at"),),
    "subs_dunning.intents": (_Dated("intent_ended", "until"),),
    "stripe.subscriptions": (_Dated("trial_ended", "trial_end"),),
}


def occurrences(place: str, row: Row) -> tuple[Occurrence, ...]:
    """What happened, by a row of `place` (store.table)."""
    return tuple(Occurrence(what, at) for _, what, at in happened_in(place, [row]))


def happened_in(place: str, rows: Sequence[Row]) -> Iterator[tuple[Row, str, datetime]]:
    """What happened, and when, by each row of `place`: (row, what, at)."""
    return _found(_HAPPENED.get(place, ()), rows)


def scheduled_in(place: str, rows: Sequence[Row]) -> Iterator[tuple[Row, str, datetime]]:
    """What was to come when the rows were written, and comes without another word of the store."""
    return _found(_SCHEDULED.get(place, ()), rows)


@cache
def telling_tables(store: str) -> frozenset[str]:
    """The tables of a store whose rows tell of anything that happened."""
    return _tables_in(_HAPPENED, store)


@cache
def scheduled_tables(store: str) -> frozenset[str]:
    """The tables of a store whose rows schedule anything."""
    return _tables_in(_SCHEDULED, store)


def _tables_in(places: Iterable[str], store: str) -> frozenset[str]:
    return frozenset(place.partition(".")[2] for place in places if place.startswith(f"{store}."))


def _found(dated: Iterable[_Dated], rows: Sequence[Row]) -> Iterator[tuple[Row, str, datetime]]:
    """An account's page looks through thousands of rows, so each is handled by as little as can be."""
    for one in dated:
        holds, within, name, what = one.holds, one.within, one.name, one.what
        for row in rows if holds is None else filter(holds, rows):
            holder = row.get(within) if within else row
            value = holder.get(name) if isinstance(holder, dict) else None
            moment = None if value is None else _moment(value)
            if moment is not None:
                yield row, what, moment


def _is_lone_charge(row: Row) -> bool:
    """A charge of a payment intent is told by that."""
    return row.get("status") == "succeeded" and not row.get("payment_intent")


def _moment(value: object) -> datetime | None:
    """Text as the databases write it, or Stripe's epoch seconds."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo is UTC else found.astimezone(UTC) if found.tzinfo else None
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None

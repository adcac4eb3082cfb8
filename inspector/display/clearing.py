"""What would make it clear, in words: each way as the rules confirmed it, with its amounts, one line an invoice."""

from collections.abc import Iterable
from dataclasses import dataclass

from inspector.display.moments import date_words
from inspector.display.money import amount_words
from inspector.display.words import STATES, Word, word
from recon.engine.clearing import Clearing, Way
from recon.engine.enums import DebtState
from recon.engine.suppose import Change, ChangeKind

SHOWN = 6
"""Lines of one way that stand on the page at once; the others unfold."""


@dataclass(frozen=True, slots=True)
class WayView:
    """One way: what it is, what has to happen, and what that comes to; `folded` are the lines after the first few."""

    name: str
    lines: tuple[str, ...]
    folded: tuple[str, ...]
    more: str
    total: str


@dataclass(frozen=True, slots=True)
class EasingView:
    """What only eases, and the state that it leads to."""

    text: str
    state: Word


@dataclass(frozen=True, slots=True)
class ClearingView:
    """`lead` says what follows; `missing` are (place, why) of an unknown verdict."""

    lead: str
    ways: tuple[WayView, ...] = ()
    easings: tuple[EasingView, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


_ONE = "Tried with the rules: with this the account is clear, with less it is not."
_SEVERAL = "Tried with the rules: with any one of these the account is clear, with less it is not."


def clearing_view(found: Clearing | None) -> ClearingView:
    """`found` None: the rules do not come to the verdict that the page shows."""
    if found is None:
        return ClearingView("The rules or their numbers have changed since this verdict: re-read to ask them again.")
    if found.state is None:
        missing = tuple((one.place, one.text) for one in found.missing)
        lead = "The verdict becomes known when this can be read and understood:" if missing else _UNREAD
        return ClearingView(lead, missing=missing)
    if found.state is DebtState.CLEAR:
        return ClearingView(
            _STORES_ONLY if found.is_drifted else "Nothing: the account is clear, and all stores agree."
        )
    lead = (_SEVERAL if len(found.ways) > 1 else _ONE) if found.ways else found.why_not
    return ClearingView(lead, tuple(map(_way, found.ways)), tuple(map(_easing, found.easings)))


_STORES_ONLY = (
    "Nothing has to be paid or decided: the account is clear. The stores do not all say so yet: apply the plan."
)
_UNREAD = "The verdict becomes known when all six stores can be read: re-read to try again."


def _way(way: Way) -> WayView:
    lines = tuple(map(_line, way.changes))
    folded = lines[SHOWN:]
    return WayView(
        name=_name({change.kind for change in way.changes}),
        lines=lines[:SHOWN],
        folded=folded,
        more=f"{len(folded)} more" if folded else "",
        total=_total(way.changes),
    )


def _name(kinds: set[ChangeKind]) -> str:
    if ChangeKind.ARRIVAL in kinds:
        return "What is on its way arrives"
    if kinds & {ChangeKind.DISPUTE_WON, ChangeKind.REVERSAL_UNDONE}:
        return "What was taken back is given back"
    return "It is paid"


def _line(change: Change) -> str:
    amount, invoice = amount_words(change.amount_minor, change.currency), _invoice(change)
    match change.kind:
        case ChangeKind.ARRIVAL:
            return f"{' · '.join(change.objects)} settles: {amount} for {invoice}"
        case ChangeKind.DISPUTE_WON:
            return f"{' · '.join(change.objects)} is decided in our favour: {amount} of {invoice}"
        case ChangeKind.REVERSAL_UNDONE:
            return f"The reversal of {amount} is undone: {invoice}"
        case _:
            return f"{amount} for {invoice}"


def _invoice(change: Change) -> str:
    ids = " · ".join(filter(None, (change.ledger_invoice, change.stripe_invoice)))
    return f"{ids}, due {date_words(change.due_at)}" if change.due_at is not None else ids


def _total(changes: Iterable[Change]) -> str:
    """What has to be paid in all, one amount a currency; empty for a single payment, which says so itself."""
    paid = [change for change in changes if change.kind is ChangeKind.PAYMENT]
    return paid_words(paid) if len(paid) > 1 else ""


def paid_words(changes: Iterable[Change]) -> str:
    """The sums of all payments: `120.00 EUR and 30.00 USD`; two currencies are never added."""
    sums: dict[str, int] = {}
    for change in changes:
        if change.kind is ChangeKind.PAYMENT:
            sums[change.currency] = sums.get(change.currency, 0) + change.amount_minor
    return " and ".join(amount_words(minor, currency) for currency, minor in sorted(sums.items()))


def _easing(way: Way) -> EasingView:
    first = way.changes[0]
    until = f" until {date_words(first.until)}, say" if first.until is not None else ""
    count = len(way.changes)
    written_off = "its write-off" if count == 1 else f"the write-off of all {count} invoices"
    texts = {
        ChangeKind.PROMISE_TO_PAY: f"a promise to pay is recorded, with a date ahead ({date_words(first.until)}, say)",
        ChangeKind.ENFORCEMENT_OFF: f"enforcement is switched off{until}",
        ChangeKind.WRITE_OFF: f"finance approves {written_off}",
    }
    return EasingView(texts[first.kind], word(way.state, STATES))

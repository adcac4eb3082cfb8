"""One entry of the timeline as a sentence: what a store said, what the rules made of it, what somebody did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from inspector.display.because import asked_words
from inspector.display.deeds import action_word
from inspector.display.moments import moment_words
from inspector.display.money import amount_words
from inspector.display.words import STATES, STORES, Tone, Word, value_words, word
from recon.queries.happenings import Entry

MOST_CHANGES = 6
"""Values of one row that are said; of more, how many."""
MONEY = frozenset({"amount", "amount_remaining", "amount_paid", "amount_received", "amount_refunded"})

_NOUNS = {
    "accounts": "account",
    "customers": "customer",
    "customer_aliases": "alias",
    "dunning": "dunning",
    "balances": "balance",
    "intents": "intent",
    "invoices": "invoice",
    "payments": "payment",
    "adjustments": "adjustment",
    "contracts": "contract",
    "account_flags": "account flags",
    "entitlements": "entitlements",
    "blocks": "block",
    "subscriptions": "subscription",
    "payment_intents": "payment",
    "charges": "charge",
    "disputes": "dispute",
    "invoice_payments": "payment of an invoice",
    "credit_notes": "credit note",
}
_HAPPENED = {
    "invoice_issued": "issued",
    "invoice_due": "fell due",
    "invoice_finalized": "finalized",
    "invoice_paid": "paid",
    "invoice_voided": "voided",
    "invoice_uncollectible": "given up as uncollectible",
    "payment_settled": "settled",
    "payment_begun": "begun",
    "payment_failed": "failed",
    "payment_succeeded": "succeeded",
    "payment_processing": "on its way",
    "charge_failed": "failed",
    "adjusted": "booked",
    "contract_began": "began",
    "contract_ended": "ended",
    "intent_ended": "ended",
    "account_closed": "closed",
    "customer_created": "created",
    "subscription_started": "began",
    "subscription_ended": "ended",
    "trial_ended": "left its trial",
    "dispute_opened": "opened",
    "credit_note_issued": "issued",
}
_TRIGGERS = {
    "event": "after an event",
    "timer": "by the calendar",
    "policy": "by a change of policy",
    "sweep": "by a sweep",
    "person": "asked for",
    "apply": "after a repair",
}
_ENDS = {
    "done": Word("done", "Repair applied", Tone.GOOD),
    "aborted": Word("aborted", "Repair came to nothing", Tone.WARN),
    "expired": Word("expired", "Approval ran out", Tone.WARN),
    "exception": Word("exception", "Repair needs a person", Tone.BAD),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A line: what happened, the id that it happened to, the rest of the sentence, somebody's own words, and a link."""

    text: str
    subject: str = ""
    rest: str = ""
    quoted: str = ""
    href: str = ""
    tone: Tone = Tone.QUIET


def said_words(entry: Entry, account_id: str) -> Said:
    told = entry.told or {}
    match entry.what:
        case "evaluated":
            return _evaluated(told)
        case "recomputed":
            text = (
                "Evaluated, and overtaken by a later reading" if told["is_overtaken"] else "Evaluated again: no change"
            )
            return Said(text, rest=asked_words(told["causes"], told["more"]))
        case "event_out":
            return Said(f"{told['kind']} was told to others", rest=_difference(told))
        case "event_in":
            sender = STORES.get(told["from"], told["from"])
            return Said(
                f"{sender} sent {told['type']}",
                told["object"],
                rest="" if _is_routed(told) else told["status"],
                href=reverse("event", args=[told["number"]]),
            )
        case "approved":
            return _approved(entry, told)
        case "closed":
            return _closed(entry, told)
        case "audited":
            done = action_word(told["action"])
            return Said(done.text, quoted=told["reason"], href=_entry_href(entry.subject), tone=done.tone)
        case "noted":
            return Said("", quoted=told["text"])
        case "row_added" | "row_changed" | "row_removed":
            return _row(entry.what, told, account_id)
    return _occurred(entry.what, told, account_id)


def _evaluated(told: Mapping[str, Any]) -> Said:
    now, was = _state(told["is_known"], told["state"]), _state(told["was_known"], told["was_state"])
    asked = told["asked"]
    because = asked_words(asked["causes"], asked["more"]) if asked else ""
    trigger = because or _TRIGGERS.get(told["trigger"], told["trigger"])
    why = f" ({'; '.join(told['reasons'])})" if not told["is_known"] and told["reasons"] else ""
    differ = f"{_differ(told['cells'])}; " if told["is_known"] else ""  # unknown: nobody can say who agrees
    if told["is_first"]:
        return Said(f"First verdict: {now.text}{why}", rest=f"{differ}{trigger}", tone=now.tone)
    if now != was:
        return Said(f"{was.text} → {now.text}{why}", rest=f"{differ}{trigger}", tone=now.tone)
    if not told["is_known"]:
        return Said(f"Still {now.text}", rest=trigger)
    before = f" (before: {_differ(told['had_cells'] or 0)})" if told["had_cells"] != told["cells"] else ""
    return Said(f"Still {now.text}:", rest=f"{_differ(told['cells'])}{before}; {trigger}")


def _state(is_known: bool | None, state: str | None) -> Word:
    return word(state, STATES) if is_known else Word("unknown", "Unknown", Tone.WARN)


def _differ(cells: int) -> str:
    if not cells:
        return "all stores agree"
    return f"{cells} values differ" if cells > 1 else "1 value differs"


def _difference(told: Mapping[str, Any]) -> str:
    """What an event says was and is, as far as it is a plain value."""
    before, after = told["before"] or {}, told["after"] or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name) and name not in _IDS]
    plain = [name for name in names if not isinstance(before.get(name) or after.get(name), (dict, list))]
    return _joined([_change(name, before.get(name), after.get(name), None) for name in plain])


_IDS = frozenset({"digest", "apply_id"})
"""Of an event, what its repair's own page says."""


def _is_routed(told: Mapping[str, Any]) -> bool:
    return bool(told["status"] == "routed")


def _approved(entry: Entry, told: Mapping[str, Any]) -> Said:
    count = told["writes"]
    what = f"{count} write{'' if count == 1 else 's'}, {told['risk'] or 'no risk'}"
    proposal = f", with {told['proposal']}" if told["proposal"] else ""
    text = "Undo of a repair approved" if told["undoes"] else "Repair approved"
    return Said(text, rest=what + proposal, quoted=told["reason"], href=_repair_href(entry.subject))


def _closed(entry: Entry, told: Mapping[str, Any]) -> Said:
    end = _ENDS.get(told["state"]) or Word(told["state"], f"Repair {told['state']}", Tone.WARN)
    text = "Repair refused: the stores had moved" if told["refused"] else end.text
    if told["undoes"]:
        text = text.replace("Repair", "Undo of a repair").replace("Approval", "Approval of an undo")
    return Said(text, rest=_came_of(told, end), href=_repair_href(entry.subject), tone=end.tone)


def _came_of(told: Mapping[str, Any], end: Word) -> str:
    if told["explanation"] or end.tone is not Tone.GOOD:
        return str(told["explanation"])
    taken_over = f", taken over {told['takeovers']} times" if told["takeovers"] else ""
    undone = ", and undone since" if told["is_undone"] else ""
    return f"{told['writes']} writes, all of them{taken_over}{undone}"


def _row(what: str, told: Mapping[str, Any], account_id: str) -> Said:
    noun, key = _named(told, account_id)
    if what == "row_removed":
        return Said(f"{noun} {key}".strip(), rest="is gone", tone=Tone.WARN)
    shown = [change for change in told["changes"] if what == "row_changed" or _is_new(change)]
    changes = [_change(name, old, new, told.get("currency")) for name, old, new in shown]
    return Said(noun, key, rest=("new: " if what == "row_added" else "") + _joined(changes))


def _is_new(change: list[Any]) -> bool:
    """Of a new row: what it says, without the account's id that every row carries."""
    return change[2] not in (None, "") and change[0] != "account_id"


def _change(name: str, old: object, new: object, currency: str | None) -> str:
    label = name.rpartition(".")[2].removesuffix("_minor").replace("_", " ")
    if old is None:
        return f"{label} {_value(name, new, currency)}"
    return f"{label} {_value(name, old, currency)} → {_value(name, new, currency)}"


def _value(name: str, value: object, currency: str | None) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and (name.endswith("_minor") or name in MONEY):
        return amount_words(value, currency if isinstance(currency, str) else None)
    if name.endswith(("_at", "_date")) and isinstance(value, str | int) and not isinstance(value, bool):
        return _when(value)
    return value_words(value)


def _when(value: str | int) -> str:
    try:
        return moment_words(value)
    except (ValueError, OverflowError, OSError):
        return str(value)


def _joined(changes: Iterable[str]) -> str:
    said = list(changes)
    more = f" and {len(said) - MOST_CHANGES} more" if len(said) > MOST_CHANGES else ""
    return ", ".join(said[:MOST_CHANGES]) + more


def _occurred(what: str, told: Mapping[str, Any], account_id: str) -> Said:
    noun, key = _named(told, account_id)
    if what in ("adjusted", "intent_ended"):
        noun = str(told.get("kind", noun)).replace("_", " ")
    if what == "blocked":
        return Said(noun, key, rest=f"set to {value_words(told.get('level'))}")
    currency = told.get("currency")
    has_amount = told["amount"] is not None and isinstance(currency, str)
    amount = f" {amount_words(told['amount'], currency)}" if has_amount else ""
    return Said(noun, key, rest=f"{_HAPPENED.get(what, what.replace('_', ' '))}{',' if amount else ''}{amount}")


def _named(told: Mapping[str, Any], account_id: str) -> tuple[str, str]:
    """The row's kind, and its key without the account's own id, which the page says already."""
    table = told["table"]
    key = ", ".join(part for part in str(told["key"]).split(",") if part != account_id)
    return _NOUNS.get(table, table).capitalize(), key


def _repair_href(apply_id: str) -> str:
    return reverse("repair", args=[apply_id])


def _entry_href(seq: str) -> str:
    return reverse("audit_entry", args=[seq])

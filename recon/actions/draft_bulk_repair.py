"""Freeze a list of accounts and their plans' digests: the draft of a bulk repair, to be looked at before it is started.

Nothing is approved by it and nothing is handed out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from recon.actions.authority import Right, holds
from recon.actions.bulk_totals import totals_of_read_only, totals_of_repairs, totals_of_undone, writable
from recon.apply.record import Entry, record
from recon.models import BulkRepair, BulkRepairItem, BulkState
from recon.queries.bulk import moved_accounts
from recon.queries.bulk_plans import BulkPlan, plans_matching, plans_of
from recon.queries.queue import QueueFilter, count_accounts
from recon.queries.undone import standing_undos

PAGE: Final = 1_000
ALL_UNDONE: Final = (
    "Somebody undid a repair of each of these accounts, so nothing was started: such a plan is approved on its account."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which accounts: all that a list's filter matches (`in_url` as it stands there; the list said that there were
    `shown`), or these, or those whose plan had moved when the run `moved_of` came to them."""

    wanted: QueueFilter | None = None
    in_url: Mapping[str, str] | None = None
    account_ids: Sequence[str] = ()
    moved_of: int | None = None
    shown: int | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft's number, or why there is none: a word for programs (too_many, nothing, undone, read_only, forbidden)
    and a sentence."""

    run_id: int | None
    code: str = ""
    sentence: str = ""


def draft_bulk_repair(
    selection: Selection, *, actor: str, groups: Iterable[str], request_key: str, now: datetime, request_id: str = ""
) -> Drafted:
    """The same `request_key` of the same actor is the same draft, however often it comes. Accounts without a plan are
    left out and counted, and so are those whose plan would write again what somebody undid, or where nothing can be
    written."""
    if not holds(groups, Right.START_SMALL_BULK):
        return Drafted(None, "forbidden", "You may not start a bulk repair.")
    key = key_of(actor, request_key)
    known = known_draft(key)
    if known is not None:
        return Drafted(known)
    most = settings.BULK_MOST_ACCOUNTS
    plans, asked = _selected(selection, most + 1, now)
    if len(plans) > most:
        return Drafted(None, "too_many", too_many("accounts"))
    if not plans:
        return Drafted(None, "nothing", "None of these accounts has anything to write: nothing was started.")
    undone = standing_undos([one.account_id for one in plans])
    plans = [one for one in plans if one.account_id not in undone]
    if not plans:
        return Drafted(None, "undone", ALL_UNDONE)
    plans, unwritable = writable(plans)
    if not plans:
        return Drafted(None, "read_only", all_read_only(unwritable))
    run = BulkRepair(
        actor=actor,
        state=BulkState.DRAFTED,
        started_at=now,
        selection=told(selection),
        totals={
            **totals_of_repairs(plans),
            **asked_for(selection, asked, len(plans) + len(undone) + len(unwritable)),
            **totals_of_undone(undone),
            **totals_of_read_only(unwritable),
        },
        request_key=key,
        request_id=request_id,
    )
    return Drafted(keep_draft(run, [BulkRepairItem(account_id=one.account_id, digest=one.digest) for one in plans]))


def all_read_only(whys: Mapping[str, str]) -> str:
    return f"None of these plans can be written, so nothing was started. {' '.join(sorted(set(whys.values())))}"


def accounts_in(selection: Selection) -> list[str]:
    """The ids of one that names its accounts, each once."""
    moved = moved_accounts(selection.moved_of) if selection.moved_of is not None else []
    return sorted({*selection.account_ids, *moved})


def key_of(actor: str, request_key: str) -> str:
    """Under which a draft is known to come from the same form; empty without one."""
    return f"{actor} {request_key}" if request_key else ""


def known_draft(key: str) -> int | None:
    """The draft that this form made before."""
    return BulkRepair.objects.filter(request_key=key).values_list("id", flat=True).first() if key else None


def too_many(what: str) -> str:
    most = settings.BULK_MOST_ACCOUNTS
    return f"More than {most:,} {what} match, and one run holds at most {most:,}: nothing was started; narrow it."


def told(selection: Selection) -> dict[str, Any]:
    """How the accounts were chosen, for whoever reads it later."""
    if selection.wanted is not None:
        return {"filter": dict(selection.in_url or {})}
    return {"moved_of": selection.moved_of} if selection.moved_of is not None else {"ticked": True}


def asked_for(selection: Selection, asked: int, found: int) -> dict[str, Any]:
    """How many of the accounts asked for are left out, and how many the list said there were."""
    shown = {} if selection.shown is None else {"shown": selection.shown, "asked": asked}
    return {"without_plan": max(asked, found) - found, **shown}


def keep_draft(run: BulkRepair, items: Sequence[BulkRepairItem]) -> int:
    """The run with its items in this order, and its audit entry; one that the same form made meanwhile is that one."""
    run.accounts = len(items)
    try:
        with transaction.atomic():
            run.save()
            for number, item in enumerate(items):
                item.bulk_repair, item.position = run, number
            BulkRepairItem.objects.bulk_create(items, batch_size=PAGE)
            after = {"bulk_repair": run.id, "kind": run.kind, "accounts": run.accounts, "risks": run.totals["risks"]}
            record(Entry(run.actor, "bulk_repair.drafted", "", after=after, request_id=run.request_id))
    except IntegrityError:
        known = known_draft(run.request_key)
        if known is None:
            raise
        return known
    return run.id


def _selected(selection: Selection, limit: int, now: datetime) -> tuple[list[BulkPlan], int]:
    """The plans, and how many accounts were asked for."""
    if selection.wanted is not None:
        return plans_matching(selection.wanted, limit=limit, now=now), count_accounts(selection.wanted)
    ids = accounts_in(selection)
    return plans_of(ids, limit=limit, now=now), len(ids)

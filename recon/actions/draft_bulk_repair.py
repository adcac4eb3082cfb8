"""Freeze a list of accounts and their plans' digests: the draft of a bulk repair, to be looked at before it is started.

Nothing is approved by it and nothing is handed out.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from recon.actions.authority import Right, holds
from recon.actions.foresee import foresee_events
from recon.apply.record import Entry, record
from recon.engine.plan import Risk
from recon.models import BulkRepair, BulkRepairItem, BulkState
from recon.queries.bulk import BulkPlan, moved_accounts, plans_matching, plans_of
from recon.queries.queue import QueueFilter, count_accounts

PAGE: Final = 1_000
SAMPLE: Final = 10
# What a customer may or may not do: entitlements.column → whether true takes something away.
ACCESS: Final = {"plan_active": False, "restricted": True, "suspended": True}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which accounts: all that a list's filter matches (`in_url` as it stands there), or these, or those whose plan had
    moved when the run `moved_of` came to them."""

    wanted: QueueFilter | None = None
    in_url: Mapping[str, str] | None = None
    account_ids: Sequence[str] = ()
    moved_of: int | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft's number, or why there is none: a word for programs (too_many, nothing, forbidden) and a sentence."""

    run_id: int | None
    code: str = ""
    sentence: str = ""


def draft_bulk_repair(
    selection: Selection, *, actor: str, groups: Iterable[str], request_key: str, now: datetime, request_id: str = ""
) -> Drafted:
    """The same `request_key` of the same actor is the same draft, however often it comes. Accounts without a plan are
    left out and counted."""
    if not holds(groups, Right.START_SMALL_BULK):
        return Drafted(None, "forbidden", "You may not start a bulk repair.")
    key = f"{actor} {request_key}" if request_key else ""
    known = _known(key)
    if known is not None:
        return Drafted(known)
    most = settings.BULK_MOST_ACCOUNTS
    plans, asked = _selected(selection, most + 1)
    if len(plans) > most:
        sentence = f"More than {most:,} accounts match, and a bulk repair holds at most {most:,}: "
        return Drafted(None, "too_many", f"{sentence}nothing was started; narrow it.")
    if not plans:
        return Drafted(None, "nothing", "None of these accounts has anything to write: nothing was started.")
    run = BulkRepair(
        actor=actor,
        state=BulkState.DRAFTED,
        started_at=now,
        selection=_told(selection),
        totals=_totals(plans, max(asked, len(plans)) - len(plans)),
        accounts=len(plans),
        request_key=key,
        request_id=request_id,
    )
    return Drafted(_keep(run, plans))


def _selected(selection: Selection, limit: int) -> tuple[list[BulkPlan], int]:
    """The plans, and how many accounts were asked for."""
    if selection.wanted is not None:
        return plans_matching(selection.wanted, limit=limit), count_accounts(selection.wanted)
    moved = moved_accounts(selection.moved_of) if selection.moved_of is not None else []
    ids = sorted({*selection.account_ids, *moved})
    return plans_of(ids, limit=limit), len(ids)


def _told(selection: Selection) -> dict[str, Any]:
    if selection.wanted is not None:
        return {"filter": dict(selection.in_url or {})}
    return {"moved_of": selection.moved_of} if selection.moved_of is not None else {"ticked": True}


def _keep(run: BulkRepair, plans: Sequence[BulkPlan]) -> int:
    try:
        with transaction.atomic():
            run.save()
            rows = (
                BulkRepairItem(bulk_repair=run, position=number, account_id=one.account_id, digest=one.digest)
                for number, one in enumerate(plans)
            )
            BulkRepairItem.objects.bulk_create(rows, batch_size=PAGE)
            after = {"bulk_repair": run.id, "accounts": run.accounts, "risks": run.totals["risks"]}
            record(Entry(run.actor, "bulk_repair.drafted", "", after=after, request_id=run.request_id))
    except IntegrityError:
        known = _known(run.request_key)
        if known is None:
            raise
        return known
    return run.id


def _known(key: str) -> int | None:
    return BulkRepair.objects.filter(request_key=key).values_list("id", flat=True).first() if key else None


def _totals(plans: Sequence[BulkPlan], without_plan: int) -> dict[str, Any]:
    """What the preview says: accounts by state, class and risk, money by currency, what others will hear and what
    changes for the customers, and the accounts of a random sample."""
    owed: Counter[str] = Counter()
    for one in plans:
        owed.update(one.owed)
    return {
        "without_plan": without_plan,
        "states": _count(one.state or "" for one in plans),
        "classes": _count(name for one in plans for name in one.classes),
        "risks": _count(one.risk or Risk.LENIENT.value for one in plans),
        "owed": dict(sorted(owed.items())),
        "owing": _count(currency for one in plans for currency, minor in one.owed.items() if minor),
        "writes": sum(len(one.writes) for one in plans),
        "events": _count(event.kind for one in plans for event in foresee_events(one.account_id, one.writes)),
        "access": _count(change for one in plans for change in _access(one)),
        "sample": [one.account_id for one in random.sample(list(plans), min(SAMPLE, len(plans)))],
    }


def _access(plan: BulkPlan) -> Iterable[str]:
    """`given` or `taken` with the column, for each thing that a customer gains or loses; a block counts as one."""
    for write in plan.writes:
        if write["store"] != "cf_prod":
            continue
        if write["table"] == "blocks":
            yield "blocks.given" if write["truth"] is None else "blocks.taken"
        elif write["column"] in ACCESS and write["truth"] is not None:
            takes = ACCESS[write["column"]] is bool(write["truth"])
            yield f"{write['column']}.{'taken' if takes else 'given'}"


def _count(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))

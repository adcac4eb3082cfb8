"""Freeze a list of proposals to Stripe, each with the digest of its account's plan: the draft of a run of their own.

Nothing is approved by it and nothing is sent. A plan's digest seals its writes and the truth; the first proposal of an
account is carried out together with the writes, each later one under the digest that is left once they are written. So
whatever else moves the account meanwhile, or a first one that came to nothing, refuses the later ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, zip_longest
from typing import Any

from django.conf import settings

from recon.actions.authority import Right, holds
from recon.actions.bulk_totals import (
    ProposedCall,
    totals_of_proposals,
    totals_of_read_only,
    totals_of_undone,
    writable,
)
from recon.actions.draft_bulk_repair import (
    ALL_UNDONE,
    Drafted,
    Selection,
    accounts_in,
    all_read_only,
    asked_for,
    keep_draft,
    key_of,
    known_draft,
    too_many,
)
from recon.actions.draft_bulk_repair import told as told_of
from recon.engine.plan import seal
from recon.models import BulkKind, BulkRepair, BulkRepairItem, BulkState
from recon.queries.bulk import accounts_of
from recon.queries.bulk_plans import BulkPlan, proposing, proposing_matching, proposing_of
from recon.queries.queue import count_accounts
from recon.queries.undone import standing_undos


@dataclass(frozen=True, slots=True)
class ProposalsOf:
    """Of which accounts, and which: those of one verb, or all. Instead of a selection: the accounts of the run
    `of_run`, or with neither all that have proposals."""

    selection: Selection | None = None
    of_run: int | None = None
    verb: str = ""


def draft_bulk_proposals(
    asked: ProposalsOf, *, actor: str, groups: Iterable[str], request_key: str, now: datetime, request_id: str = ""
) -> Drafted:
    """The same `request_key` of the same actor is the same draft, however often it comes."""
    if not holds(groups, Right.APPROVE_SEVERE):
        return Drafted(None, "forbidden", "Proposals to Stripe are carried out by finance or admin.")
    key = key_of(actor, request_key)
    known = known_draft(key)
    if known is not None:
        return Drafted(known)
    plans, number = _selected(asked, settings.BULK_MOST_ACCOUNTS + 1, now)
    calls = calls_of(plans, asked.verb)
    if max(len(plans), len(calls)) > settings.BULK_MOST_ACCOUNTS:
        return Drafted(None, "too_many", too_many("proposals"))
    if not calls:
        return Drafted(None, "nothing", "None of these accounts proposes that to Stripe: nothing was started.")
    undone = standing_undos({one.account_id for one in calls})
    calls = [one for one in calls if one.account_id not in undone]
    if not calls:
        return Drafted(None, "undone", ALL_UNDONE)
    asked_of = {one.account_id for one in calls}
    _, unwritable = writable(plan for plan in plans if plan.account_id in asked_of)
    calls = [one for one in calls if one.account_id not in unwritable]
    if not calls:
        return Drafted(None, "read_only", all_read_only(unwritable))
    called = {one.account_id for one in calls}
    totals = totals_of_proposals([plan for plan in plans if plan.account_id in called], calls)
    selection = asked.selection or Selection()
    run = BulkRepair(
        kind=BulkKind.PROPOSALS,
        actor=actor,
        state=BulkState.DRAFTED,
        started_at=now,
        selection=_told(asked),
        totals={
            **totals,
            **asked_for(selection, number, len(called) + len(undone) + len(unwritable)),
            **totals_of_undone(undone),
            **totals_of_read_only(unwritable),
        },
        request_key=key,
        request_id=request_id,
    )
    return Drafted(keep_draft(run, [_item(one) for one in calls]))


def calls_of(plans: Sequence[BulkPlan], verb: str) -> list[ProposedCall]:
    """First the first proposal of each account, then the second of those that have one, and so on: the accounts in
    their order."""
    each = [_calls_of_account(plan, verb) for plan in plans]
    return [call for call in chain.from_iterable(zip_longest(*each)) if call is not None]


def _calls_of_account(plan: BulkPlan, verb: str) -> list[ProposedCall]:
    left = seal({"account_id": plan.account_id, "writes": [], "truth": plan.truth})
    chosen = {(one["verb"], one["object"]): None for one in plan.proposals if verb in {"", one["verb"]}}
    return [
        ProposedCall(plan.account_id, left if number else plan.digest, *names) for number, names in enumerate(chosen)
    ]


def _selected(asked: ProposalsOf, limit: int, now: datetime) -> tuple[list[BulkPlan], int]:
    """The plans, and how many accounts were asked for."""
    selection = asked.selection
    if selection is not None and selection.wanted is not None:
        return proposing_matching(selection.wanted, limit=limit, now=now), count_accounts(selection.wanted)
    if asked.of_run is not None:
        ids: Sequence[str] = accounts_of(asked.of_run)
    elif selection is not None:
        ids = accounts_in(selection)
    else:
        plans = proposing(limit=limit, now=now)
        return plans, len(plans)
    return proposing_of(ids, limit=limit, now=now), len(ids)


def _told(asked: ProposalsOf) -> dict[str, Any]:
    verb = {"verb": asked.verb} if asked.verb else {}
    if asked.of_run is not None:
        return {"of_run": asked.of_run, **verb}
    return {**(told_of(asked.selection) if asked.selection else {"all": True}), **verb}


def _item(call: ProposedCall) -> BulkRepairItem:
    return BulkRepairItem(account_id=call.account_id, digest=call.digest, proposal=call.name)

"""What the tour's pages show: accounts, repairs, and what failed, in every state that a page tells apart."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.utils import timezone

from recon.actions.add_note import add_note
from recon.actions.decide_case import CaseAsked, decide_case
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.draft_policy import draft_policy
from recon.actions.preview_policy import drive_policy_previews, preview_chunk
from recon.apply.record import Entry, record
from recon.engine.shadow import Shadow
from recon.models import (
    Apply,
    ApplyState,
    BranchState,
    Dirty,
    FindingKind,
    Inbox,
    InboxFinding,
    InboxStatus,
    PolicyPreviewChunk,
    Relapse,
    ShadowCount,
    ShadowMark,
)
from recon.queries.account import account_view
from recon.queries.case_subjects import subjects_of
from recon.sandbox.logins import password_of
from tests.support.kept import golden, keep_case
from tests.support.many_invoices import with_invoices
from tests.support.repairs import VOID, branches, done_repair, repair_in, repaired, undone_plan

LOCKED: Final = "payments/paid_after_suspension"
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)

ACCOUNTS: Final = {
    "acc_clear": "payments/settled_in_both_stores",
    "acc_contradicting": "drift/stores_contradict",
    "acc_unknown": "reads/stripe_failed",
    "acc_merged": "identity/merged_away_account",
    "acc_proposal": "proposals/void_in_stripe",
    "acc_severe": "drift/bad_debt_everywhere_missed",
    "acc_decided": "conflicts/minimum_of_both",
    "acc_twice": "plans/duplicate_subscriptions",
    **{f"acc_{name}": LOCKED for name in ("queued", "doubt", "done", "stale", "broken", "expired", "undone")},
}


def populate() -> dict[str, str]:
    """The ids of repairs and events by what became of them. The account `acc_1` is there already."""
    for account_id, name in ACCOUNTS.items():
        keep_case(golden(name), account_id=account_id)
    keep_case(with_invoices(golden(LOCKED), 200, unpaid=3), account_id="acc_many")
    for role in ("support", "finance"):
        text = f"Called, and said they paid by wire; {role} looks after it."
        assert add_note("acc_1", text, actor=f"user:{role}", groups=[role], now=timezone.now()).note_id
    record(Entry(actor="user:finance", action="plan.approved", reason="paid by wire, ticket 7", account="acc_1"))
    User.objects.create_user("stranger", password=password_of("stranger"))
    _decide("acc_decided")
    _draft_a_policy()
    _others_write()
    repairs = _repairs()
    _relapse(repairs["done"])
    return {"dead": str(_failures()), **{name: str(apply.id) for name, apply in repairs.items()}}


def _others_write() -> None:
    """Beside what the engine would have written: some of it agrees, and some disagreements are over."""
    now = timezone.now()
    ShadowMark.objects.create(since=now - timedelta(days=9))
    for number, kind in enumerate(Shadow):
        day = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=number % 3)
        for store in ("cf_prod", "subs_dunning"):
            ShadowCount.objects.create(
                day=day, name="entitlement_drift", store=store, kind=kind, cells=1_234 // (number + 1)
            )


def _draft_a_policy() -> None:
    """Tried out to the end, and lenient for whoever is overdue."""
    rungs = {"delinquent": 3_000, "bad_debt": 3_000, "bad_debt_ended": 3_000}
    now = timezone.now()
    draft_policy(
        {"rungs": {"self_serve": rungs}, "dust_minor": {"jpy": 500}, "plans": {"price_pro": "pro"}},
        actor="user:admin", groups=["admin"], now=now,
    )  # fmt: skip
    while drive_policy_previews(now=now):
        for chunk_id in PolicyPreviewChunk.objects.filter(done_at__isnull=True).values_list("id", flat=True):
            preview_chunk(chunk_id, now=now)


def _decide(account_id: str) -> None:
    """One store is right, the difference is accepted until then, and somebody had thought otherwise before."""
    view = account_view(account_id)
    assert view is not None
    for subject, choice in ((0, "store_is_right:stripe"), (0, "store_is_right:billing_prod"), (1, "accept")):
        about = subjects_of(view.findings, view.cells)[subject]
        until = (timezone.now() + timedelta(days=30)).date()
        asked = CaseAsked(about.finding, about.seal, choice, "The bank confirmed the smaller amount", until=until)
        decide_case(account_id, asked, actor="user:finance", groups=["finance"], now=timezone.now())


def _repairs() -> dict[str, Apply]:
    now = timezone.now()
    made = {
        "queued": repair_in(ApplyState.APPROVED, "acc_queued"),
        "doubt": repair_in(
            ApplyState.COMMITTING, "acc_doubt", decided_at=now, waiting_for="cf_prod: cannot be reached"
        ),
        "done": repair_in(ApplyState.DONE, "acc_done", decided_at=LONG_AGO, closed_at=LONG_AGO),
        "stale": repair_in(ApplyState.ABORTED, "acc_stale", refused=True, code="stale", closed_at=now),
        "broken": repair_in(ApplyState.EXCEPTION, "acc_broken", explanation="cf_prod: the branch was rolled back."),
        "expired": repair_in(ApplyState.EXPIRED, "acc_expired", closed_at=now),
    }
    made |= {"undoable": done_repair(LOCKED, "acc_undoable", proposal=VOID), "undone": undone_plan("acc_undone")}
    branches(made["doubt"], billing_prod=BranchState.COMMITTED, cf_prod=BranchState.PREPARED)
    branches(made["broken"], billing_prod=BranchState.COMMITTED, cf_prod=BranchState.LOST)
    _read_back("acc_done", made["done"])
    moved = golden(LOCKED) | {"now": "2099-01-01T00:00:00Z"}
    moved["stores"]["cf_prod"]["blocks"] = []
    keep_case(moved, account_id="acc_stale")
    return made


def _read_back(account_id: str, apply: Apply) -> None:
    """The account as every store holds it after the repair."""
    case = json.loads(json.dumps(golden(LOCKED)).replace('"acc_1"', f'"{account_id}"'))
    later = datetime.fromisoformat(case["now"]) + timedelta(seconds=1)
    keep_case(repaired(case, apply.writes) | {"now": later.isoformat()})


def _relapse(apply: Apply) -> None:
    Relapse.objects.create(
        account_id=apply.account_id, place="subs_dunning.dunning.state", key=apply.account_id, apply=apply,
        at=timezone.now(), wrote="clear", found="bad_debt",
        other="another writer of subs_dunning.dunning, after stripe invoice.paid evt_1",
    )  # fmt: skip


def _failures() -> int:
    """An account that cannot be evaluated, and an event that nobody was found for, which is odd besides: its number."""
    now = timezone.now()
    mark_dirty(["acc_broken"], now - HOUR, cause=Cause(CauseKind.PERSON, "user:ada"))
    error = "ValueError: subs_customer.customers: no such plan as price_of_nothing"
    Dirty.objects.filter(account="acc_broken").update(attempts=8, parked=True, last_error=error, not_before=now + HOUR)
    event = Inbox.objects.create(
        source="stripe", event_id="evt_1OrphanedInTheMiddleOfNowhere", type="invoice.paid", refs=["cus_9"],
        body={"object": {"id": "in_9", "customer": "cus_9"}}, body_hash="h" * 64, received_at=now - 2 * HOUR,
        status=InboxStatus.DEAD,
    )  # fmt: skip
    InboxFinding.objects.create(event=event, kind=FindingKind.OTHER_BODY, at=now, detail={"body_hash": "b" * 64})
    return event.id

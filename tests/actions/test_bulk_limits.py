"""Who may start how large a bulk repair, who approves it, and what a draft holds."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from recon.actions.draft_bulk_repair import Selection
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.models import AuditEntry, BulkRepair, CaseDecision
from recon.queries.bulk import bulk_run, every_bulk_line
from recon.queries.queue import QueueFilter
from tests.support.bulk import EVERYTHING, REASON, draft, person
from tests.support.kept import golden, keep_case
from tests.support.repairs import undone_plan

pytestmark = pytest.mark.django_db(transaction=True)

LENIENT, SEVERE = "payments/paid_after_suspension", "drift/never_dunned"


@pytest.fixture
def keep() -> Callable[..., None]:
    """`keep(26, severe=1)`: so many lenient accounts, and so many severe ones."""

    def accounts(lenient: int, severe: int = 0) -> None:
        for number in range(lenient + severe):
            keep_case(golden(LENIENT if number < lenient else SEVERE), account_id=f"acc_{number:04}")

    return accounts


def start(run_id: int, name: str, group: str) -> str:
    person(name, group)
    done = start_bulk_repair(run_id, actor=f"user:{name}", groups={group}, reason=REASON, now=timezone.now())
    return done.code or BulkRepair.objects.get(id=run_id).state


def approve(run_id: int, name: str, group: str) -> str:
    person(name, group)
    done = approve_bulk_repair(run_id, actor=f"user:{name}", groups={group}, reason="looked", now=timezone.now())
    return done.code or BulkRepair.objects.get(id=run_id).state


@pytest.mark.parametrize(
    ("group", "lenient", "severe", "comes_to"),
    [
        ("support", 25, 0, "running"),
        ("support", 26, 0, "forbidden"),
        ("support", 1, 1, "forbidden"),
        ("finance", 26, 0, "running"),
        ("finance", 100, 0, "running"),
        ("finance", 101, 0, "waiting_for_second"),
        ("finance", 0, 1, "waiting_for_second"),
        ("admin", 1, 1, "waiting_for_second"),
    ],
)
def test_who_starts_what(keep, group: str, lenient: int, severe: int, comes_to: str) -> None:
    keep(lenient, severe)
    run_id = draft(name="one", group=group).run_id
    assert start(run_id, "one", group) == comes_to


def test_viewer_drafts_nothing(keep) -> None:
    keep(1)
    assert (draft(name="vi", group="viewer").code, BulkRepair.objects.count()) == ("forbidden", 0)


def test_second_person_is_never_the_starter_and_is_of_finance_or_admin(keep) -> None:
    keep(0, severe=1)
    run_id = draft().run_id
    assert start(run_id, "fin", "finance") == "waiting_for_second"
    assert [approve(run_id, "fin", "finance"), approve(run_id, "sue", "support")] == ["forbidden", "forbidden"]
    assert approve(run_id, "eve", "admin") == "running"
    run = bulk_run(run_id)
    assert (run.actor, run.second, run.began_at is not None) == ("user:fin", "user:eve", True)
    refused = AuditEntry.objects.filter(action="bulk_repair.refused", after__bulk_repair=run_id)
    assert list(refused.order_by("seq").values_list("actor", flat=True)) == ["user:fin", "user:sue"]


def test_nobody_starts_what_another_drafted(keep) -> None:
    keep(1)
    assert start(draft().run_id, "eve", "admin") == "forbidden"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_started_without_a_reason(keep, reason: str) -> None:
    keep(1)
    run_id = draft().run_id
    with pytest.raises(ValueError, match="Say why"):
        start_bulk_repair(run_id, actor="user:fin", groups={"finance"}, reason=reason, now=timezone.now())
    assert BulkRepair.objects.get().state == "drafted"


def test_more_than_the_cap_is_refused_whole(keep, settings) -> None:
    settings.BULK_MOST_ACCOUNTS = 2
    keep(3)
    refused = draft()
    assert (refused.code, BulkRepair.objects.count()) == ("too_many", 0)
    assert refused.sentence.endswith("nothing was started; narrow it.")


def test_selection_without_a_plan_starts_nothing(keep) -> None:
    keep(1)
    assert draft(Selection(wanted=QueueFilter(state="past_due"), in_url={})).code == "nothing"
    assert draft(Selection(account_ids=["acc_none"])).code == "nothing"


def test_draft_freezes_the_ticked_accounts_with_their_digests(keep) -> None:
    keep(3)
    run_id = draft(Selection(account_ids=["acc_0002", "acc_0000", "acc_none"])).run_id
    assert [line.account_id for line in every_bulk_line(run_id)] == ["acc_0000", "acc_0002"]
    assert {len(line.digest) for line in every_bulk_line(run_id)} == {64}
    assert bulk_run(run_id).totals["without_plan"] == 1


def test_draft_says_what_it_amounts_to(keep) -> None:
    keep(11, severe=1)
    totals = bulk_run(draft().run_id).totals
    assert totals["risks"] == {"lenient": 11, "severe": 1}
    assert totals["events"]["repair.applied"] == 12
    assert totals["access"]["suspended.given"] == 11
    assert sum(totals["states"].values()) == 12
    assert len(set(totals["sample"])) == 10


def test_support_pauses_what_runs_and_does_not_let_it_go_on(keep) -> None:
    keep(26)
    run_id = draft().run_id
    start(run_id, "fin", "finance")
    told = {"actor": "user:sue", "groups": {"support"}, "reason": "stop", "now": timezone.now()}
    assert steer_bulk_repair(run_id, Steer.PAUSE, **told).code == ""
    assert steer_bulk_repair(run_id, Steer.RESUME, **told).code == "forbidden"
    assert steer_bulk_repair(run_id, Steer.CANCEL, **told).code == "forbidden"


def test_what_somebody_undid_is_left_out_and_counted(keep) -> None:
    keep(3)
    undone_plan("acc_0001")
    run = bulk_run(draft(name="one", group="finance").run_id)
    assert [line.account_id for line in every_bulk_line(run.id)] == ["acc_0000", "acc_0002"]
    ((account, who, _),) = run.totals["undone"]["first"]
    assert (run.totals["undone"]["accounts"], account, who) == (1, "acc_0001", "user:support")
    assert run.totals["without_plan"] == 0


def test_what_is_accepted_is_in_no_draft_though_it_was_ticked(keep) -> None:
    keep(2)
    CaseDecision.objects.create(
        account_id="acc_0001",
        kind="accept",
        refs=[],
        until=timezone.now() + timedelta(days=9),
        reason="a court decides",
        decided_by="user:ada",
        at=timezone.now(),
    )
    for selection in (Selection(account_ids=["acc_0000", "acc_0001"]), EVERYTHING):
        run = bulk_run(draft(selection).run_id)
        assert [line.account_id for line in every_bulk_line(run.id)] == ["acc_0000"]
        assert run.totals["without_plan"] == 1


def test_a_list_of_nothing_but_what_was_undone_is_told_so(keep) -> None:
    keep(1)
    undone_plan("acc_0000")
    assert draft(name="one", group="finance").code == "undone"

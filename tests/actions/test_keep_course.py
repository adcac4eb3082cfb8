"""What begins to count, what heals and by whom, what comes back; and with whom an account drifts alike."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import keep_evaluations
from recon.actions.keep_point import keep_point
from recon.engine.facts import Reading, StoreName
from recon.engine.policy import Policy
from recon.models import AccountState, Apply, ApplyState, Cluster, DriftChange, DriftPoint, Evaluation, Trigger
from tests.actions.test_keep_evaluations import drifted, healed, keep
from tests.support.cases import story
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MEASURES = {"stuck_in_bad_debt", "bad_debt_drift", "inconsistent_debt_flags", "wrong"}
MEASURES |= {"entitlement_drift", "paid_but_blocked", "no_successful_payment_drift", "flagged_but_paid"}


def kinds() -> list[tuple[str, str]]:
    """(measure, kind) in the order in which they were kept."""
    return list(DriftChange.objects.order_by("id").values_list("measure", "kind"))


def kinds_of(measure: str) -> list[str]:
    return [kind for one, kind in kinds() if one == measure]


def applied(at: datetime, *columns: str, state: ApplyState = ApplyState.DONE) -> UUID:
    writes = [cell for cell in Evaluation.objects.latest("id").writes if cell["column"] in columns]
    apply = Apply.objects.create(
        account_id="acc_1", digest="d", approved_by="user:a", reason="r", created_at=at, expires_at=at,
        state=state, decided_at=at, closed_at=at, writes=writes,
    )  # fmt: skip
    return apply.id


def test_every_measure_begins_once():
    keep(drifted(), NOW)
    keep(drifted(), NOW + MINUTE)
    assert {measure for measure, _ in kinds()} == MEASURES
    assert [kind for _, kind in kinds()] == ["new"] * len(MEASURES)


def test_without_a_repair_it_healed_by_itself():
    keep(drifted(), NOW)
    keep(healed(), NOW + MINUTE)
    assert kinds_of("stuck_in_bad_debt") == ["new", "healed_by_itself"]


def test_after_a_repair_of_its_cells_it_was_healed_by_us():
    keep(drifted(), NOW)
    apply_id = applied(NOW + MINUTE, "is_bad_debt", "restricted", "has_no_successful_payment")
    keep(healed(), NOW + 2 * MINUTE)
    healings = DriftChange.objects.exclude(kind="new")
    assert set(healings.values_list("kind", "apply_id")) == {("healed_by_us", apply_id)}


@pytest.mark.parametrize(
    ("columns", "at", "state"),
    [
        (("plan_active",), NOW + MINUTE, ApplyState.DONE),
        (("is_bad_debt",), NOW - MINUTE, ApplyState.DONE),
        (("is_bad_debt",), NOW + MINUTE, ApplyState.ABORTED),
    ],
    ids=["of other cells", "before the drift began", "that was not carried out"],
)
def test_a_repair_is_no_healing(columns, at, state):
    keep(drifted(), NOW)
    applied(at, *columns, state=state)
    keep(healed(), NOW + 2 * MINUTE)
    assert kinds_of("stuck_in_bad_debt") == ["new", "healed_by_itself"]


def test_what_healed_and_drifts_again_came_back():
    keep(drifted(), NOW)
    applied(NOW + MINUTE, "is_bad_debt")
    keep(healed(), NOW + 2 * MINUTE)
    keep(drifted(), NOW + 3 * MINUTE)
    keep(healed(), NOW + 4 * MINUTE)
    assert kinds_of("stuck_in_bad_debt") == ["new", "healed_by_us", "came_back", "healed_by_itself"]


def test_a_verdict_unknown_neither_heals_nor_begins():
    keep(drifted(), NOW, failed=StoreName.CF_PROD)
    assert kinds() == []
    keep(drifted(), NOW + MINUTE)
    before = kinds()
    keep(drifted(), NOW + 2 * MINUTE, failed=StoreName.CF_PROD)
    state = AccountState.objects.get()
    assert (kinds(), state.is_known, state.is_stuck_in_bad_debt, state.writes) == (before, False, True, 0)
    keep(healed_later(), NOW + 3 * MINUTE)
    assert kinds_of("stuck_in_bad_debt") == ["new", "healed_by_itself"]


def healed_later() -> dict:
    """What the stores hold once they are right, whatever the latest evaluation says."""
    keep(drifted(), NOW + 2 * MINUTE + timedelta(seconds=1))
    return healed()


def test_an_evaluation_that_was_overtaken_changes_no_course():
    keep(drifted(), NOW)
    before = kinds()
    keep(healed(), NOW - MINUTE)
    assert kinds() == before


def test_a_chunk_of_unchanged_accounts_asks_nothing():
    evaluations = [many(number, NOW) for number in range(40)]
    keep_evaluations(evaluations, trigger=Trigger.SWEEP, actor="test")
    assert DriftChange.objects.count() == 40 * len(MEASURES)
    again = [many(number, NOW + MINUTE) for number in range(40)]
    with_course = queries_of(again)
    assert with_course == [sql for sql in with_course if "drift_change" not in sql and '"cluster" (' not in sql]


def many(number: int, at: datetime):
    stores = story("paid_after_suspension", number)["stores"]
    readings = [Reading(StoreName(name), at, tables) for name, tables in stores.items()]
    return evaluate(f"acc_{number}", readings, Rules(Policy(plans={"price_pro": "pro"}), livemode=False), at)


def queries_of(evaluations: list) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        keep_evaluations(evaluations, trigger=Trigger.SWEEP, actor="test")
    return [one["sql"] for one in caught.captured_queries]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("payments/paid_after_suspension", "paid_in_stripe"),
        ("drift/flagged_but_paid", "paid_in_stripe"),
        ("drift/bad_debt_missed", "grew_overdue"),
        ("drift/clear_to_written_off", "write_off_approved"),
        ("disputes/won", None),
    ],
)
def test_accounts_that_drift_alike_are_one_cluster(name, cause):
    keep_case(golden(name), account_id="acc_1")
    keep_case(golden(name), account_id="acc_2")
    keys = set(AccountState.objects.values_list("cluster", flat=True))
    if cause is None:
        assert (keys, Cluster.objects.count()) == ({""}, 0)
        return
    cluster = Cluster.objects.get()
    assert (keys, cluster.cause) == ({cluster.key}, cause)


def test_a_point_is_kept_where_something_changed_or_an_hour_went_by():
    keep(drifted(), NOW)
    for minutes in (0, 1, 59, 60, 61):
        keep_point(now=NOW + minutes * MINUTE)
    assert list(DriftPoint.objects.order_by("at").values_list("at", flat=True)) == [NOW, NOW + 60 * MINUTE]
    keep(healed(), NOW + 62 * MINUTE)
    keep_point(now=NOW + 62 * MINUTE)
    last = DriftPoint.objects.latest("at")
    assert (last.at, last.counts["stuck_in_bad_debt"]) == (NOW + 62 * MINUTE, 0)
    assert last.counts["totals"]["stuck_in_bad_debt"] == {
        "new": 1, "came_back": 0, "healed_by_us": 0, "healed_by_itself": 1, "undone": 0,
    }  # fmt: skip

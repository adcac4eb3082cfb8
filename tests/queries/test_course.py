"""The numbers now and the course over a window, from points and the changes after the last of them."""

from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.keep_point import keep_point
from recon.engine.measures import Measure
from recon.models import AccountState
from recon.queries.clusters import cluster, clusters
from recon.queries.course import History, Window, counted_since
from recon.queries.course import history as history_of
from recon.queries.drift import drift_numbers
from recon.queries.points import Counted, Split, latest_point, read_count
from recon.queries.points import counted_now as counted_of
from tests.actions.test_keep_evaluations import drifted, healed, keep
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
STUCK = Measure.STUCK_IN_BAD_DEBT


def history(window: Window, *, now: datetime) -> History:
    count = read_count()
    return history_of(window, count, since=counted_since(count), now=now)


def counted_now() -> Counted:
    return counted_of(read_count())


def test_before_the_first_point_every_account_is_counted():
    keep(drifted(), NOW)
    assert (counted_now().at, counted_now().numbers) == (None, drift_numbers())


def test_the_numbers_move_with_the_changes_after_the_last_point():
    keep(drifted(), NOW)
    keep_point(now=NOW)
    keep(healed(), NOW + HOUR)
    now, counted = counted_now(), drift_numbers()
    assert now.at == NOW
    assert (now.numbers.headlines, now.numbers.classes, now.numbers.details) == (
        counted.headlines,
        counted.classes,
        counted.details,
    )


def test_home_does_not_read_every_account(django_assert_num_queries):
    keep(drifted(), NOW)
    keep_point(now=NOW)
    with django_assert_num_queries(2) as caught:
        counted_now()
    assert not [one for one in caught.captured_queries if "account_state" in one["sql"]]


def test_nobody_counted_before_the_course_began():
    course = history(Window.DAY, now=NOW).courses[STUCK]
    assert ({step.accounts for step in course.steps}, course.split) == ({None}, Split())


def test_between_two_points_the_earlier_holds():
    keep(drifted(), NOW)
    keep_point(now=NOW)
    keep(healed(), NOW + 3 * HOUR)
    keep_point(now=NOW + 3 * HOUR)
    found = history(Window.DAY, now=NOW + 5 * HOUR)
    course = found.courses[STUCK]
    assert [step.accounts for step in course.steps[-7:]] == [None, 1, 1, 1, 0, 0, 0]
    assert [step.split for step in course.steps if step.split != Split()] == [Split(new=1), Split(healed_by_itself=1)]
    assert (course.split, found.since) == (Split(new=1, healed_by_itself=1), NOW)


def test_what_changed_after_the_last_point_is_in_the_last_step():
    keep(drifted(), NOW)
    keep_point(now=NOW)
    keep(healed(), NOW + HOUR)
    last = history(Window.WEEK, now=NOW + 2 * HOUR).courses[STUCK].steps[-1]
    assert (last.accounts, last.split.healed_by_itself) == (0, 1)


def test_what_came_before_the_window_is_not_in_its_split():
    keep(drifted(), NOW)
    keep_point(now=NOW)
    course = history(Window.DAY, now=NOW + 48 * HOUR).courses[STUCK]
    assert (course.before, course.split, {step.accounts for step in course.steps}) == (1, Split(), {1})


@pytest.mark.parametrize("window", Window)
def test_a_window_ends_now_and_its_steps_fill_it(window):
    steps = history(window, now=NOW).courses[STUCK].steps
    assert (steps[-1].at, steps[0].at) == (NOW, NOW - window.span + window.step)


def test_the_history_is_json():
    keep(drifted(), NOW)
    keep_point(now=NOW)
    said = history(Window.DAY, now=NOW).as_json()
    assert (said["window"], said["end"]) == ("24h", "2026-03-20T00:00:00Z")
    assert said["measures"]["stuck_in_bad_debt"]["split"] == {
        "new": 1, "came_back": 0, "healed_by_us": 0, "healed_by_itself": 0, "undone": 0,
    }  # fmt: skip


def test_clusters_come_by_size_and_the_rest_as_a_sum():
    for number in range(3):
        keep_case(golden("payments/paid_after_suspension"), account_id=f"acc_a{number}")
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_b")
    found = clusters(None, most=1)
    [largest] = found.largest
    assert (largest.accounts, largest.cause) == (3, "paid_in_stripe")
    assert (found.other_clusters, found.other_accounts) == (1, 1)
    assert cluster(largest.key) == largest
    assert AccountState.objects.filter(cluster=largest.key).count() == 3
    keep_point(now=NOW)
    assert clusters(latest_point(), most=1) == found

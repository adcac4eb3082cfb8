"""The drift's home: the headlines with their course, who healed what, and who drifts alike."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from inspector.display.causes import CAUSES, cluster_words, clusters_view, left_by
from inspector.display.course import headlines, window_of
from inspector.display.drift import freshness
from inspector.display.pictures import picture
from inspector.display.sweeping import sweep_view
from recon.actions.keep_point import keep_point
from recon.engine.measures import Measure
from recon.engine.missed import Missed
from recon.models import SweepChunk, SweepRun
from recon.queries.clusters import ClusterLine, Clusters
from recon.queries.course import Course, CourseStep, History, Window
from recon.queries.points import Split
from recon.queries.runs import MirrorState, Sweeps, SweepState
from recon.queries.schedule import next_sweep_at
from tests.actions.test_keep_evaluations import drifted, healed
from tests.actions.test_keep_evaluations import keep as keep_stores

NOW = datetime(2026, 3, 20, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
STUCK = Measure.STUCK_IN_BAD_DEBT
Keep = Callable[..., str]


def course(*accounts: int | None, splits: dict[int, Split] | None = None) -> tuple[Course, History]:
    """A day whose last steps have these numbers."""
    numbers = [None] * (24 - len(accounts)) + list(accounts)
    start = NOW - Window.DAY.span
    steps = tuple(
        CourseStep(start + HOUR * (place + 1), number, (splits or {}).get(place, Split()))
        for place, number in enumerate(numbers)
    )
    total = sum((splits or {}).values(), Split())
    found = Course(STUCK, None, steps, total)
    since = next((step.at for step in steps if step.accounts is not None), None)
    return found, History(Window.DAY, start, NOW, since, dict.fromkeys(Measure, found))


def test_one_account_is_one() -> None:
    alone = Clusters((), other_clusters=1, other_accounts=1)
    assert clusters_view(alone, NOW).others == "1 smaller group holds 1 account."
    sweep = SweepState(NOW, NOW, accounts=1, chunks=1, chunks_done=1)
    read = freshness(sweep, MirrorState(None, None, 0), {"cf_prod": 1}, NOW)
    assert [one.note for one in read[:2]] == ["Swept for 1 account.", "Could not be read for 1 account."]


def test_each_picture_has_a_title_a_description_and_a_table(support: Client, keep: Keep) -> None:
    keep("payments/paid_after_suspension")
    keep_point(now=datetime.now(UTC))
    html = support.get("/").content.decode()
    pictures = re.findall(r'<svg class="course-line".*?</svg>', html, re.S)
    assert len(pictures) == html.count("The picture in numbers") == html.count('class="grid course-table"') == 3
    for one in pictures:
        ids = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', one)
        assert ids is not None
        assert all(re.search(rf'id="{name}">[^<]+<', one) for name in ids.groups())
    assert all('aria-hidden="true"' in one for one in re.findall(r'<svg class="course-bars"[^>]*', html))


def test_the_page_tells_who_healed_it(support: Client, db: None) -> None:
    now = datetime.now(UTC)
    keep_stores(drifted(), now - 3 * HOUR)
    keep_point(now=now - 3 * HOUR)
    keep_stores(healed(), now - HOUR)
    keep_point(now=now - HOUR)
    stuck = support.get("/?over=24h").context["headlines"][0]
    assert (stuck.number, stuck.verdict) == ("0", "on target")
    assert {part.name: part.number for part in stuck.parts} == {
        "new": "1", "came back": "0", "healed by us": "0", "healed by itself": "1",
    }  # fmt: skip
    assert [row.accounts for row in stuck.rows] == ["1", "1", "0", "0"]


def test_all_at_target_is_said_calmly(support: Client, keep: Keep) -> None:
    keep("disputes/won")
    page = support.get("/")
    assert (page.context["summary"].tone, page.context["summary"].text) == (
        "good",
        "All three headlines are at their target, 0.",
    )
    assert "Nothing drifts: every stored value is the true one." in page.content.decode()


def test_an_account_that_is_unknown_is_not_taken_for_healed(support: Client, db: None) -> None:
    from recon.engine.facts import StoreName

    keep_stores(drifted(), NOW)
    keep_stores(drifted(), NOW + HOUR, failed=StoreName.CF_PROD)
    page = support.get("/")
    assert page.context["headlines"][0].number == "1"
    assert page.context["unknown"].number == "1"


@pytest.mark.parametrize("over", ["1h", "24h", "7d", "30d", "", "\x00", "<script>", "x" * 5_000])
def test_any_window_is_answered(support: Client, keep: Keep, over: str) -> None:
    keep("drift/flagged_but_paid")
    page = support.get("/", {"over": over})
    assert page.status_code == 200
    assert sum(window.is_chosen for window in page.context["windows"]) == 1


def test_a_young_course_is_shown_by_the_hour() -> None:
    assert [window_of("", since, NOW) for since in (None, NOW - HOUR / 2, NOW - 2 * HOUR)] == [
        Window.HOUR,
        Window.HOUR,
        Window.DAY,
    ]


def test_the_line_begins_where_the_course_does_and_falls_with_it() -> None:
    drawn = picture(*course(10, 5, 0))
    assert drawn.highest == 10
    assert drawn.line == "M550 2H550V2H575V50H600V98"
    assert drawn.area == f"{drawn.line}V100H550Z"


def test_nothing_counted_draws_nothing() -> None:
    drawn = picture(*course())
    assert (drawn.line, drawn.area, drawn.bars) == ("", "", ())


def test_bars_go_up_for_what_came_and_down_for_what_went() -> None:
    drawn = picture(*course(1, 1, splits={22: Split(new=3, came_back=1), 23: Split(healed_by_us=4)}))
    zero = float(drawn.zero)
    above = {bar.kind for bar in drawn.bars if float(bar.y) + float(bar.height) <= zero + 0.1}
    below = {bar.kind for bar in drawn.bars if float(bar.y) >= zero - 0.1}
    assert (above, below) == ({"new", "back"}, {"us"})


def test_what_was_undone_is_drawn_and_named_only_where_it_happened() -> None:
    from recon.queries.drift import DriftNumbers, Headlines

    numbers = DriftNumbers(Headlines(1, 1, 1), {}, {}, {}, {}, 100, 100, 0, 12, 12, 0, None)
    undone = course(1, 1, splits={22: Split(undone=2)})
    assert [bar.kind for bar in picture(*undone).bars] == ["undone"]
    usual = ["new", "came back", "healed by us", "healed by itself"]
    assert [part.name for part in headlines(numbers, course(1)[1])[0].parts] == usual
    assert [part.name for part in headlines(numbers, undone[1])[0].parts] == [*usual[:2], "undone", *usual[2:]]


def test_the_smallest_change_is_still_seen() -> None:
    drawn = picture(*course(1, 1, splits={22: Split(new=100_000), 23: Split(healed_by_us=1)}))
    assert min(float(bar.height) for bar in drawn.bars) >= 2.5


def test_every_cause_has_its_words() -> None:
    assert set(CAUSES) == set(Missed)


@pytest.mark.parametrize(
    ("stores", "words"),
    [
        (("subs_dunning",), "subs_dunning"),
        (("cf_prod", "subs_dunning"), "subs_dunning and cf_prod"),
        (("cf_prod", "subs_dunning", "stripe", "billing_prod"), "subs_dunning, cf_prod and 2 more stores"),
    ],
)
def test_a_cluster_names_who_has_not_followed(stores: tuple[str, ...], words: str) -> None:
    line = ClusterLine("k", 312, tuple(f"{store}.t.c: true → false" for store in stores), "paid_in_stripe", NOW)
    assert (left_by(line), cluster_words(line, NOW).cause) == (words, "Paid in Stripe")


def test_a_cluster_leads_to_its_accounts(support: Client, keep: Keep) -> None:
    keep("payments/paid_after_suspension", account_id="acc_1")
    keep("payments/paid_after_suspension", account_id="acc_2")
    keep("drift/flagged_but_paid", account_id="acc_3")
    [first, _] = support.get("/").context["clusters"].lines
    assert (first.accounts, first.cause, first.stores) == ("2", "Paid in Stripe", "all six stores")
    page = support.get(first.href)
    assert [line.account_id for line in page.context["view"].lines] == ["acc_1", "acc_2"]
    assert "left by all six stores" in page.content.decode()


@pytest.mark.parametrize("key", ["0" * 16, "\x00'", "x" * 2_000])
def test_a_cluster_that_is_no_more_lists_nobody(support: Client, keep: Keep, key: str) -> None:
    keep("drift/flagged_but_paid")
    page = support.get("/accounts/", {"cluster": key})
    assert (page.status_code, page.context["view"].lines) == (200, ())


def test_a_sweep_under_way_says_how_far_and_how_long() -> None:
    running = SweepState(NOW - timedelta(minutes=3), None, 5_000, 10, 6)
    finished = SweepState(NOW - 2 * HOUR, NOW - 2 * HOUR + timedelta(seconds=90), 4_990, 10, 10)
    view = sweep_view(Sweeps(running, finished), NOW + HOUR, NOW)
    assert (view.is_running, view.percent) == (True, 60)
    assert [(line.name, line.said, line.note) for line in view.lines] == [
        ("Under way", "60 %", "6 of 10 parts, 5\u202f000 accounts in all; about 2 min left."),
        ("Last finished", "118 min ago", "4\u202f990 accounts in 90 s."),
    ]


def test_between_sweeps_the_next_one_is_told() -> None:
    view = sweep_view(Sweeps(None, None), next_sweep_at(NOW), NOW)
    assert [(line.name, line.said) for line in view.lines] == [("Last finished", "never"), ("Next", "in 7 min")]


def test_before_the_first_sweep_is_done_its_progress_shows(support: Client, db: None) -> None:
    run = SweepRun.objects.create(started_at=datetime.now(UTC), accounts=2)
    SweepChunk.objects.create(run=run, number=0, account_ids=["acc_1"], done_at=run.started_at)
    SweepChunk.objects.create(run=run, number=1, account_ids=["acc_2"])
    page = support.get("/")
    assert page.context["sweep"].percent == 50
    assert "No account has been evaluated yet" in page.content.decode()


def test_headlines_say_what_moved_since_the_window_began() -> None:
    from recon.queries.drift import DriftNumbers, Headlines

    found, history = course(7)
    found = Course(STUCK, 10, found.steps, Split(new=1, healed_by_us=4))
    history = History(Window.DAY, history.start, NOW, NOW - 48 * HOUR, dict.fromkeys(Measure, found))
    numbers = DriftNumbers(Headlines(7, 10, 12), {}, {}, {}, {}, 100, 100, 0, 12, 12, 0, None)
    assert [one.change for one in headlines(numbers, history)] == [
        "3 fewer than 24 hours ago",
        "as 24 hours ago",
        "2 more than 24 hours ago",
    ]

"""Lists of accounts: the order of harm, paging by its key, the filters, and what a page does not walk past."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.count_queues import count_queues
from recon.models import AccountState, Snooze, WorkClaim
from recon.queries import queue
from recon.queries.queue import QueueFilter, Sort, every_account, queue_page
from recon.queries.queue_filter import Age, Claimed, Snoozed
from recon.queries.queue_totals import Sum, Totals, kept_counts, sizes, totals_of
from tests.support.kept import golden, keep_case

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
EVERYTHING = QueueFilter(at=NOW, person="user:ada")


@pytest.fixture
def account(db: None):
    """`account("acc_1", owed={"eur": 500})`: a drifted account with these columns."""
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_model")
    model = AccountState.objects.get()
    AccountState.objects.all().delete()

    def make(account_id: str, **columns: object) -> str:
        AccountState.objects.create(**_columns(model), account_id=account_id)
        AccountState.objects.filter(account_id=account_id).update(
            **{"harm_rank": 1, "drifted_cells": 1, "details": [], "drift_since": NOW} | columns
        )
        return account_id

    return make


def _columns(model: AccountState) -> dict[str, object]:
    names = [field.attname for field in AccountState._meta.concrete_fields if not field.primary_key]
    return {name: getattr(model, name) for name in names}


def ids(wanted: QueueFilter = EVERYTHING, **options: object) -> list[str]:
    return [line.account_id for line in queue_page(wanted, **options).lines]


def test_a_locked_out_payer_is_first_then_the_most_money_then_the_longest_wrong(account) -> None:
    account("acc_old", owed_rank=-2, drift_since=NOW - timedelta(days=9))
    account("acc_new", owed_rank=-2)
    account("acc_rich", owed_rank=-900)
    account("acc_locked_out", harm_rank=0, details=["paid_but_blocked"])
    assert ids() == ["acc_locked_out", "acc_rich", "acc_old", "acc_new"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.MONEY, ["acc_b", "acc_c", "acc_a"]),
        (Sort.AGE, ["acc_c", "acc_a", "acc_b"]),
        (Sort.SINCE, ["acc_a", "acc_b", "acc_c"]),
    ],
)
def test_other_orders(account, sort: Sort, expected: list[str]) -> None:
    account("acc_a", owed_rank=0, oldest_due_at=NOW - timedelta(days=1), drift_since=NOW - timedelta(days=3))
    account("acc_b", owed_rank=-9, oldest_due_at=None)
    account("acc_c", owed_rank=-5, oldest_due_at=NOW - timedelta(days=2))
    assert ids(sort=sort) == expected


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_join_without_a_gap_or_a_repetition(account, sort: Sort) -> None:
    everyone = {account(f"acc_{n}", owed_rank=-(n % 3), harm_rank=n % 2, oldest_due_at=None) for n in range(25)}
    found, after = [], None
    while True:
        page = queue_page(EVERYTHING, sort=sort, after=after, limit=4)
        found += [line.account_id for line in page.lines]
        if (after := page.next) is None:
            break
    assert (len(found), set(found)) == (25, everyone)
    assert found == [line.account_id for line in every_account(EVERYTHING, sort=sort)]


def test_a_page_passes_so_many_accounts_and_says_where_to_go_on(account, monkeypatch) -> None:
    monkeypatch.setattr(queue, "LOOKED_AT_FIRST", 1)
    monkeypatch.setattr(queue, "LOOKED_AT", 3)
    for number in range(5):
        account(f"acc_{number}", classes=["entitlement_drift"] if number == 4 else [])
    wanted = replace(EVERYTHING, currency="xxx")
    first = queue_page(wanted)
    assert (first.lines, first.is_cut) == ((), True)
    assert queue_page(wanted, after=first.next) == queue.QueuePage((), None)


def test_an_age_begins_with_the_midnight_after_the_day_it_was_due(account) -> None:
    midnight = NOW.replace(hour=0)
    for name, due in {
        "acc_today": midnight,
        "acc_1": midnight - timedelta(seconds=1),
        "acc_30": midnight - timedelta(days=30),
        "acc_31": midnight - timedelta(days=30, seconds=1),
        "acc_90": midnight - timedelta(days=90),
        "acc_91": midnight - timedelta(days=90, seconds=1),
        "acc_never": None,
    }.items():
        account(name, oldest_due_at=due)
    assert {age.value: sorted(ids(replace(EVERYTHING, age=age))) for age in Age} == {
        "not_due": ["acc_never", "acc_today"],
        "1-30": ["acc_1", "acc_30"],
        "31-60": ["acc_31"],
        "61-90": ["acc_90"],
        "over-90": ["acc_91"],
    }


def test_an_amount_is_of_its_currency(account) -> None:
    account("acc_eur", owed={"eur": 500, "usd": 90_000})
    account("acc_usd", owed={"usd": 500})
    assert ids(replace(EVERYTHING, currency="eur")) == ["acc_eur"]
    assert ids(replace(EVERYTHING, currency="eur", least_minor=501)) == []
    assert ids(replace(EVERYTHING, currency="usd", least_minor=501)) == ["acc_eur"]


def test_a_state_takes_those_without_drift_where_that_is_asked_for(account) -> None:
    account("acc_drifted", state="bad_debt")
    account("acc_right", state="bad_debt", drifted_cells=0, harm_rank=2)
    wanted = replace(EVERYTHING, state="bad_debt")
    assert ids(wanted) == ["acc_drifted"]
    assert ids(replace(wanted, not_only_drift=True)) == ["acc_drifted", "acc_right"]


def test_what_is_put_off_comes_back_by_itself(account) -> None:
    account("acc_1"), account("acc_2")
    Snooze.objects.create(account_id="acc_1", until=NOW, at=NOW, person="user:ada", reason="promised")
    Snooze.objects.create(account_id="acc_2", until=NOW + timedelta(1), at=NOW, person="user:ada", reason="promised")
    assert ids() == ["acc_1"]
    assert ids(replace(EVERYTHING, snoozed=Snoozed.ONLY)) == ["acc_2"]
    assert ids(replace(EVERYTHING, snoozed=Snoozed.TOO)) == ["acc_1", "acc_2"]


def test_whose_hand(account) -> None:
    for name, person, minutes in [("acc_mine", "ada", 29), ("acc_hers", "eve", 1), ("acc_ended", "eve", 30)]:
        touched = NOW - timedelta(minutes=minutes)
        account(name)
        WorkClaim.objects.create(account_id=name, person=f"user:{person}", claimed_at=touched, touched_at=touched)
    assert ids(replace(EVERYTHING, claimed=Claimed.ME)) == ["acc_mine"]
    assert ids(replace(EVERYTHING, claimed=Claimed.ANYBODY)) == ["acc_hers", "acc_mine"]
    assert ids(replace(EVERYTHING, claimed=Claimed.NOBODY)) == ["acc_ended"]


def test_words_are_only_values(account) -> None:
    account("acc_1")
    assert ids(replace(EVERYTHING, detail="'; drop table account_state; --", state="%s", cluster="%(limit)s")) == []


TOTAL = {"eur": {Age.UP_TO_30: Sum(2, 700), Age.NOT_DUE: Sum(1, 9)}, "usd": {Age.UP_TO_30: Sum(1, 40)}}


@pytest.fixture
def owing(account) -> None:
    due = NOW - timedelta(days=5)
    account("acc_1", owed={"eur": 500}, oldest_due_at=due)
    account("acc_2", owed={"eur": 200, "usd": 40}, oldest_due_at=due)
    account("acc_3", owed={"eur": 9, "gbp": 0}, oldest_due_at=None)
    account("acc_right", owed={"eur": 7}, drifted_cells=0, harm_rank=2, classes=[], state="clear")


def test_a_short_list_is_counted_as_it_is_asked_for(owing) -> None:
    assert totals_of(EVERYTHING, {}, {}) == Totals(3, TOTAL)
    assert totals_of(replace(EVERYTHING, currency="usd"), {}, {}) == Totals(
        1, {"eur": {Age.UP_TO_30: Sum(1, 200)}, "usd": {Age.UP_TO_30: Sum(1, 40)}}
    )


def test_a_long_list_has_the_count_that_was_kept_of_it(owing, monkeypatch) -> None:
    monkeypatch.setattr("recon.queries.queue_totals.LOOKED_AT", 2)
    count_queues(now=NOW)
    kept = kept_counts()
    assert totals_of(EVERYTHING, kept, {}) == Totals(3, TOTAL, NOW)
    assert totals_of(replace(EVERYTHING, currency="usd"), kept, {}) == Totals(None)


def test_every_list_is_counted(owing) -> None:
    AccountState.objects.filter(account_id="acc_1").update(
        is_known=False, state="bad_debt", findings=["identity"], has_inconsistent_flags=True, details=["stuck"]
    )
    count_queues(now=NOW)
    names = ("drifted", "unknown", "state:bad_debt", "any:bad_debt", "finding:identity", "detail:contradictory")
    assert {name: sizes(kept_counts())[name] for name in (*names, "detail:stuck")} == dict.fromkeys(names, 1) | {
        "drifted": 3,
        "detail:stuck": 1,
    }


def test_an_older_count_does_not_replace_a_later_one(owing) -> None:
    count_queues(now=NOW)
    AccountState.objects.update(drifted_cells=0)
    count_queues(now=NOW - timedelta(seconds=1))
    assert sizes(kept_counts())["drifted"] == 3


def test_an_account_that_leaves_while_one_reads_hides_no_other(account) -> None:
    for number in range(6):
        account(f"acc_{number}")
    first = queue_page(EVERYTHING, limit=3)
    AccountState.objects.filter(account_id__in=["acc_1", "acc_2"]).update(drifted_cells=0, harm_rank=2)
    assert ids(after=first.next) == ["acc_3", "acc_4", "acc_5"]


def test_an_evaluation_keeps_its_ranks(db: None) -> None:
    case = golden("payments/paid_after_suspension")
    keep_case(case)
    [line] = queue_page(EVERYTHING).lines
    most = max(line.owed.values(), default=0)
    assert (line.harm_rank, line.owed_rank) == (0, -(most // 50))

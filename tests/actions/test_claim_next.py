"""Accounts in people's hands: one at a time, never two people's, and never for longer than somebody is at it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from recon.actions.claim_account import claim_account
from recon.actions.claim_next import NOTHING_LEFT, claim_next
from recon.actions.claimed import MAY_NOT_WORK, Claimed
from recon.actions.release_account import release_account
from recon.actions.touch_claim import touch_claim
from recon.models import AuditEntry, Snooze, WorkClaim
from recon.queries.queue import QueueFilter, Sort
from recon.queries.work import Claim, claim_on
from tests.support.kept import golden, keep_case

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
ACCOUNTS = ["acc_1", "acc_2", "acc_3"]


def keep(account_ids: list[str]) -> None:
    for account_id in account_ids:
        keep_case(golden("drift/flagged_but_paid"), account_id=account_id)


@pytest.fixture
def accounts(db: None) -> list[str]:
    keep(ACCOUNTS)
    return ACCOUNTS


def take_next(person: str = "ada", *, now: datetime = NOW, leaving: str = "", groups: tuple = ("support",)) -> Claimed:
    return claim_next(
        QueueFilter(), sort=Sort.HARM, person=f"user:{person}", groups=groups, now=now, query="class=x", leaving=leaving
    )


def test_each_gets_the_next_that_nobody_has(accounts: list[str]) -> None:
    assert [take_next(person).account_id for person in ("ada", "eve", "ada")] == accounts
    assert take_next("eve") == NOTHING_LEFT
    assert claim_on("acc_1", at=NOW) == Claim("user:ada", NOW + HALF_AN_HOUR, "class=x")


def test_next_goes_on_behind_the_one_it_leaves_and_then_from_the_top(accounts: list[str]) -> None:
    at_hand = take_next().account_id
    seen = [at_hand := take_next(leaving=at_hand).account_id for _ in range(3)]
    assert seen == ["acc_2", "acc_3", "acc_1"]
    assert list(WorkClaim.objects.values_list("account_id", flat=True)) == ["acc_1"]


def test_what_is_put_off_is_nobodys_next(accounts: list[str]) -> None:
    Snooze.objects.create(
        account_id="acc_1", until=NOW + timedelta(days=1), at=NOW, person="user:eve", reason="promised"
    )
    assert take_next() == Claimed("acc_2")


def test_a_claim_ends_half_an_hour_after_the_last_touch(accounts: list[str]) -> None:
    take_next()
    touch_claim("acc_1", person="user:ada", now=NOW + timedelta(minutes=20))
    assert take_next("eve", now=NOW + timedelta(minutes=49)) == Claimed("acc_2")
    assert take_next("eve", now=NOW + timedelta(minutes=50)) == Claimed("acc_1")


def test_a_claim_that_ended_is_not_touched_to_life(accounts: list[str]) -> None:
    take_next()
    touch_claim("acc_1", person="user:ada", now=NOW + HALF_AN_HOUR)
    assert claim_on("acc_1", at=NOW + HALF_AN_HOUR) is None


def test_one_releases_only_ones_own(accounts: list[str]) -> None:
    take_next()
    assert release_account("acc_1", person="user:eve", now=NOW) is False
    assert release_account("acc_1", person="user:ada", now=NOW) is True
    assert take_next("eve") == Claimed("acc_1")


def test_an_account_in_somebodys_hand_is_not_taken_from_it(accounts: list[str]) -> None:
    take_next()
    mine = claim_account("acc_1", person="user:ada", groups=["support"], now=NOW)
    other = claim_account("acc_1", person="user:eve", groups=["support"], now=NOW)
    assert (mine, other) == (Claimed("acc_1"), Claimed("", "taken", "ada has it in hand until 12:30 UTC."))
    assert claim_account("acc_none", person="user:eve", groups=["support"], now=NOW).code == "unknown"


def test_a_viewer_takes_nothing(accounts: list[str]) -> None:
    assert take_next(groups=("viewer",)) == MAY_NOT_WORK
    assert claim_account("acc_1", person="user:v", groups=["viewer"], now=NOW) == MAY_NOT_WORK
    assert not WorkClaim.objects.exists()


def test_claims_are_not_in_the_audit(accounts: list[str]) -> None:
    take_next()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_racing_for_the_next_never_get_the_same() -> None:
    keep([f"acc_{number:03}" for number in range(100)])
    barrier = Barrier(2)

    def race(person: str) -> list[str]:
        try:
            return [_at_once(person) for _ in range(50)]
        finally:
            connection.close()

    def _at_once(person: str) -> str:
        barrier.wait()
        return take_next(person).account_id

    with ThreadPoolExecutor(2) as pool:
        ada, eve = pool.map(race, ["ada", "eve"])
    assert len({*ada, *eve}) == 100

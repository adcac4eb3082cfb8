"""Putting an account off: until a day, with a reason, audited; and taking that back."""

from datetime import UTC, date, datetime

import pytest

from recon.actions.claim_account import claim_account
from recon.actions.end_snooze import end_snooze
from recon.actions.snooze_account import LONGEST_REASON, Snoozed, snooze_account
from recon.models import AuditEntry, Snooze, WorkClaim
from recon.queries.work import PutOff, snooze_of
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
NEXT_WEEK = datetime(2026, 3, 27, tzinfo=UTC)
NEXT_DAY = NEXT_WEEK.date()


@pytest.fixture
def account(db: None) -> str:
    return keep_case(golden("drift/flagged_but_paid"))


def put_off(account_id: str, day: date = NEXT_DAY, reason: str = "promised to pay", group: str = "support") -> Snoozed:
    return snooze_account(account_id, day, actor="user:ada", groups=[group], reason=reason, now=NOW, request_id="r1")


def told() -> list[tuple]:
    return list(
        AuditEntry.objects.order_by("seq").values_list("action", "actor", "account", "reason", "before", "after")
    )


def test_it_is_put_off_until_the_day_begins(account: str) -> None:
    claim_account(account, person="user:ada", groups=["support"], now=NOW)
    assert put_off(account) == Snoozed(NEXT_WEEK)
    assert snooze_of(account, at=NOW) == PutOff(NEXT_WEEK, "user:ada", "promised to pay")
    assert snooze_of(account, at=NEXT_WEEK) is None
    assert not WorkClaim.objects.exists()
    until = {"until": "2026-03-27T00:00:00Z"}
    assert told() == [("snooze.set", "user:ada", account, "promised to pay", {"until": None}, until)]


def test_another_day_takes_the_place_of_the_first(account: str) -> None:
    put_off(account)
    put_off(account, date(2026, 4, 1))
    assert told()[1][4:] == ({"until": "2026-03-27T00:00:00Z"}, {"until": "2026-04-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"group": "viewer"}, "forbidden"),
        ({"reason": " \x00 "}, "empty"),
        ({"reason": "x" * (LONGEST_REASON + 1)}, "too_long"),
        ({"day": NOW.date()}, "past"),
        ({"day": date(2027, 4, 1)}, "too_far"),
        ({"day": date.max}, "too_far"),
    ],
)
def test_what_is_refused_changes_nothing(account: str, options: dict, code: str) -> None:
    assert put_off(account, **options).code == code
    assert (Snooze.objects.count(), told()) == (0, [])


def test_an_account_that_was_never_evaluated_is_not_put_off(db: None) -> None:
    assert put_off("acc_none").code == "unknown"


def test_anybody_who_may_takes_it_back(account: str) -> None:
    put_off(account)
    assert end_snooze(account, actor="user:v", groups=["viewer"], now=NOW) is False
    assert end_snooze(account, actor="user:eve", groups=["finance"], now=NOW) is True
    assert end_snooze(account, actor="user:eve", groups=["finance"], now=NOW) is False
    assert snooze_of(account, at=NOW) is None
    assert [entry[0] for entry in told()] == ["snooze.set", "snooze.ended"]

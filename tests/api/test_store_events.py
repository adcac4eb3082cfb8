"""What the stores' owners tell: strictly read, kept once, marking each account once a batch."""

import pytest

from recon.models import AccountHandles, Dirty, Inbox, InboxFinding, InboxMark
from tests.api.conftest import tell

pytestmark = pytest.mark.django_db


def changed(event_id="e1", **changes):
    return {
        "store": "billing_prod",
        "event_id": event_id,
        "account_id": "acc_1",
        "occurred_at": "2026-03-20T12:00:00Z",
        **changes,
    }


def test_an_event_is_kept_and_its_account_marked():
    answer = tell(changed())
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    kept, mark = Inbox.objects.get(), InboxMark.objects.get()
    assert (kept.source, kept.event_id, kept.status, kept.body) == ("billing_prod", "e1", "routed", changed())
    assert (mark.account_id, mark.gen, Dirty.objects.get().account) == ("acc_1", 1, "acc_1")


def test_the_same_event_twice_marks_once_and_is_answered_alike():
    answers = [tell(changed()).json() for _ in range(2)]
    assert answers == [{"accepted": 1}] * 2
    assert (Inbox.objects.count(), Dirty.objects.get().gen) == (1, 1)


@pytest.mark.parametrize("account_id", ["eu/4711", "kunde ü 💸", "x" * 255])
def test_an_account_is_marked_whatever_it_is_called(account_id):
    assert tell(changed(account_id=account_id)).status_code == 202
    assert Dirty.objects.get().account == account_id


def test_an_id_with_another_body_is_a_finding():
    for account in ("acc_1", "acc_2", "acc_2"):
        assert tell(changed(account_id=account)).status_code == 202
    assert (InboxFinding.objects.get().kind, Dirty.objects.get().account) == ("other_body", "acc_1")


def test_a_thousand_events_are_one_mark_for_each_account():
    batch = [changed(f"e{n}", account_id=f"acc_{n % 7}") for n in range(1_000)]
    assert tell(batch).json() == {"accepted": 1_000}
    assert set(Dirty.objects.values_list("gen", flat=True)) == {1}
    assert (Dirty.objects.count(), InboxMark.objects.count()) == (7, 1_000)


def test_whoever_an_account_was_merged_into_is_marked_too():
    AccountHandles.objects.create(account_id="acc_kept", ids=["acc_1", "acc_kept"])
    AccountHandles.objects.create(account_id="acc_1", ids=["acc_1"])
    tell([changed("e1"), changed("e2"), changed("e3", account_id="acc_2")])
    marks = InboxMark.objects.values_list("event__event_id", "account_id")
    assert sorted(marks) == [("e1", "acc_1"), ("e1", "acc_kept"), ("e2", "acc_1"), ("e2", "acc_kept"), ("e3", "acc_2")]
    assert dict(Dirty.objects.values_list("account", "gen")) == {"acc_1": 1, "acc_2": 1, "acc_kept": 1}


def test_the_same_id_twice_in_a_batch_is_one_event():
    tell([changed(), changed()])
    assert (Inbox.objects.count(), Dirty.objects.get().gen, InboxFinding.objects.count()) == (1, 1, 0)


@pytest.mark.parametrize("secret", ["", "wrong", "ledger-newer", "é"])
def test_without_a_secret_of_a_store_nothing_is_told(secret):
    answer = tell(changed(), secret)
    assert (answer.status_code, answer["WWW-Authenticate"], Inbox.objects.count()) == (401, "Bearer", 0)


def test_where_no_secret_is_set_nobody_is_heard(settings):
    settings.STORE_EVENT_SECRETS = {"billing_prod": [""]}
    assert tell(changed(), "").status_code == 401


def test_the_former_secret_holds_while_it_is_replaced():
    assert tell(changed(), "ledger-old").status_code == 202


def test_a_secret_speaks_for_its_own_store_alone():
    answer = tell([changed(), changed("e2", store="cf_prod")])
    assert (answer.status_code, Inbox.objects.count()) == (403, 0)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (changed(store="stripe"), "/store"),
        (changed(store=["billing_prod"]), "/store"),
        (changed(event_id=7), "/event_id"),
        (changed(account_id="acc\n1"), "/account_id"),
        (changed(account_id="acc\ud800"), "/account_id"),
        (changed(account_id="x" * 256), "/account_id"),
        (changed(account_id=""), "/account_id"),
        (changed(occurred_at="2026-03-20T12:00:00"), "/occurred_at"),
        (changed(occurred_at=1_774_000_000), "/occurred_at"),
        (changed(occurred_at="0001-01-01T00:00:00+14:00"), "/occurred_at"),
        (changed(amount_minor=1), ""),
        ([changed(), changed(event_id="")], "/1/event_id"),
        ([changed(), "e2"], "/1"),
    ],
)
def test_an_event_that_is_none_is_refused_and_so_is_its_batch(body, pointer):
    answer = tell(body)
    assert (answer.status_code, Inbox.objects.count()) == (400, 0)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 2_000 + "]" * 2_000, [changed()] * 1_001])
def test_what_is_no_list_of_events_is_refused(body):
    assert (tell(body).status_code, Inbox.objects.count()) == (400, 0)


def test_a_body_over_the_limit_is_refused(settings):
    settings.STORE_EVENTS_MOST_BYTES = 50
    assert tell(changed()).status_code == 413

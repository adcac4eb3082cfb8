"""An event is replayed or ignored by a person, alone or with others that were ticked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recon.actions.dirty import claim, mark_dirty
from recon.actions.ignore_event import ignore_event
from recon.actions.replay_event import replay_event
from recon.actions.resolve_events import resolve_events
from recon.actions.settle_finding import settle_finding
from recon.actions.settle_ticked import MOST, Deed, Outcome, Ticked, settle_ticked
from recon.models import (
    AccountHandles,
    AuditEntry,
    Dirty,
    FindingKind,
    Inbox,
    InboxFinding,
    InboxMark,
    InboxStatus,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
ADA = {"actor": "user:ada", "groups": ["finance"], "reason": "the customer is linked now", "now": NOW}


class Nobody:
    """Stripe, which knows no object."""

    def find(self, object_id: str) -> None:
        return None


def event(event_id: str = "evt_1", status: str = InboxStatus.DEAD, **changes: Any) -> Inbox:
    """It names customer cus_1, and is two days old."""
    given = {"refs": ["cus_1"], "received_at": NOW - timedelta(days=2), "type": "invoice.paid", "body": {}}
    given |= {"source": "stripe", "event_id": event_id, "body_hash": "h", "status": status, "attempts": 9}
    return Inbox.objects.create(**given | changes)


def link(account_id: str = "acc_1") -> None:
    AccountHandles.objects.create(account_id=account_id, ids=sorted([account_id, "cus_1"]))


def finding(of: Inbox) -> InboxFinding:
    return InboxFinding.objects.create(event=of, kind=FindingKind.OTHER_BODY, at=NOW, detail={"body_hash": "other"})


@pytest.mark.parametrize("status", ["dead", "unrouted", "ignored"])
def test_a_replay_of_an_event_whose_account_is_known_now_marks_it(status: str) -> None:
    one = event(status=status)
    link()
    assert replay_event(one.id, **ADA).done
    mark = InboxMark.objects.get()
    assert (Inbox.objects.get().status, mark.account_id, mark.gen) == ("routed", "acc_1", Dirty.objects.get().gen)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.account, entry.before, entry.after) == (
        "event.replayed",
        "acc_1",
        {"status": status},
        {"event": "stripe invoice.paid evt_1", "status": "routed", "accounts": ["acc_1"]},
    )


def test_a_replay_of_an_event_that_was_seen_marks_its_accounts_again() -> None:
    one = event(status="routed")
    mark_dirty(["acc_old"], NOW)
    InboxMark.objects.create(event=one, account_id="acc_old", gen=1)
    link("acc_new")
    assert replay_event(one.id, **ADA).done
    assert {row.account: row.gen for row in Dirty.objects.all()} == {"acc_old": 2, "acc_new": 1}
    assert {claimed.account_id for claimed in claim(now=NOW, limit=9)} == {"acc_old", "acc_new"}


def test_nobody_found_is_looked_for_once_more_and_dead_again() -> None:
    one = event()
    assert replay_event(one.id, **ADA).done
    kept = Inbox.objects.get()
    assert (kept.status, kept.attempts, kept.next_at) == ("unrouted", 0, NOW)
    resolve_events(Nobody(), now=NOW, limit=9)
    assert Inbox.objects.get().status == "dead"


def test_a_second_replay_before_it_was_looked_for_changes_nothing() -> None:
    one = event()
    replay_event(one.id, **ADA)
    assert replay_event(one.id, **ADA).code == "waits"
    assert AuditEntry.objects.count() == 1


def test_an_event_that_names_nobody_has_nobody_to_look_for() -> None:
    assert replay_event(event(status="ignored", refs=[]).id, **ADA).code == "names_nobody"
    assert Inbox.objects.get().status == "ignored"


@pytest.mark.parametrize("status", ["dead", "unrouted"])
def test_an_ignored_event_is_not_looked_for(status: str) -> None:
    one = event(status=status, next_at=NOW)
    assert ignore_event(one.id, **ADA).done
    resolve_events(Nobody(), now=NOW, limit=9)
    kept = Inbox.objects.get()
    assert (kept.status, kept.next_at, kept.note) == (
        "ignored",
        None,
        "ignored by user:ada: the customer is linked now",
    )
    assert ignore_event(one.id, **ADA).code == "not_waiting"
    assert AuditEntry.objects.get().action == "event.ignored"


def test_an_event_that_was_routed_is_not_ignored() -> None:
    assert ignore_event(event(status="routed").id, **ADA).code == "not_waiting"


def test_a_settled_finding_stays_settled() -> None:
    one = finding(event(status="routed"))
    assert settle_finding(one.id, **ADA).done
    assert settle_finding(one.id, **ADA).code == "not_open"
    one.refresh_from_db()
    assert (one.settled_at, one.settled_by, AuditEntry.objects.get().action) == (NOW, "user:ada", "finding.settled")


@pytest.mark.parametrize("act", [replay_event, ignore_event])
def test_what_nobody_knows_is_said(act: Callable) -> None:
    assert act(99, **ADA).code == "unknown"


@pytest.mark.parametrize("act", [replay_event, ignore_event, settle_finding])
def test_without_a_reason_or_the_right_nothing_changes(act: Callable) -> None:
    one = finding(event(id=7))
    with pytest.raises(ValueError, match="Say why"):
        act(7, **ADA | {"reason": ""})
    assert act(7, **ADA | {"groups": ["viewer"]}).code == "forbidden"
    assert (Inbox.objects.get().status, InboxFinding.objects.get().settled_at, one.id) == ("dead", None, one.id)


def test_ticked_rows_are_settled_with_one_reason() -> None:
    events = [event(f"evt_{number}").id for number in range(3)]
    ignore_event(events[0], **ADA)
    outcome = settle_ticked(Ticked(events=events), Deed.IGNORE, **ADA)
    assert outcome == Outcome(2, (("Nobody looks for its account any more: it was found, or ignored.", 1),))
    assert AuditEntry.objects.filter(action="event.ignored", reason=ADA["reason"]).count() == 3


def test_to_replay_a_finding_is_to_replay_its_event_once() -> None:
    one = event(status="routed")
    InboxMark.objects.create(event=one, account_id="acc_1", gen=1)
    other = InboxFinding.objects.create(event=one, kind=FindingKind.TWO_ACCOUNTS, at=NOW, detail={})
    assert settle_ticked(Ticked(findings=[finding(one).id, other.id]), Deed.REPLAY, **ADA) == Outcome(1, ())
    assert Dirty.objects.get().gen == 1


@pytest.mark.parametrize("ticked", [Ticked(), Ticked(events=range(MOST + 1))])
def test_nothing_or_too_much_ticked_is_refused(ticked: Ticked) -> None:
    with pytest.raises(ValueError, match=r"Tick|At most"):
        settle_ticked(ticked, Deed.REPLAY, **ADA)

"""The status page says how each part is and what to do; an admin stops all applies there, with a reason."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recon import tasks
from recon.actions.check_stores import check_stores
from recon.actions.pause_applies import pause_applies
from recon.actions.take_pulse import take_pulse
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyState, AuditEntry, AuditVerification, Dirty, OutboxEvent, Pulse, Switch
from recon.queries.pulses import worker_seen_at
from recon.stores.base import InDoubt

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
HOUR = timedelta(hours=1)


def parts(client: Client) -> dict[str, str]:
    page = client.get("/status/").context["page"]
    return {part.name: part.said for part in (*page.stores, *page.engine)}


def stored_apply(state: ApplyState, **changes) -> Apply:
    now = timezone.now()
    given = {"account_id": "acc_1", "digest": "d", "approved_by": "user:ada", "reason": "r", "created_at": now}
    return Apply.objects.create(**{**given, "expires_at": now + HOUR, "state": state, **changes})


class Answers:
    """A store that answers, or says why not."""

    def __init__(self, why_not: str = "") -> None:
        self.why_not = why_not

    def ping(self) -> str:
        return self.why_not

    def in_doubt(self, prefix: str) -> list[InDoubt]:
        return []


def test_before_anything_ran_each_part_says_what_to_do(support: Client) -> None:
    html = support.get("/status/").content.decode()
    for words in ("No worker has ever answered", "celery -A recon worker", "celery -A recon beat", "manage.py sweep"):
        assert words in html
    assert "Chain never verified" in html


def test_a_pulse_says_that_worker_and_schedule_live(support: Client) -> None:
    tasks.pulse()
    said = parts(support)
    assert (said["Worker"], said["Schedule"]) == ("Answered just now", "Called just now")


def test_a_worker_that_fell_silent_is_named_with_the_remedy(support: Client) -> None:
    take_pulse("worker", "beat", now=timezone.now() - timedelta(seconds=41))
    page = support.get("/status/").context["page"]
    worker = next(part for part in page.engine if part.name == "Worker")
    assert worker.said.startswith("No worker has answered for 4")
    assert (worker.command, page.tone) == ("celery -A recon worker", "bad")


def test_when_a_worker_was_last_heard_of() -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    assert worker_seen_at() is None
    take_pulse("worker", now=now)
    assert worker_seen_at() == now


def test_each_store_says_whether_it_answers(support: Client) -> None:
    stores: Mapping = {name: Answers() for name in StoreName} | {StoreName.CF_PROD: Answers("cf_prod: gives no answer")}
    check_stores(stores, clock=timezone.now)
    page = support.get("/status/").context["page"]
    stores_said = {part.name: (part.tone, part.note) for part in page.stores}
    assert stores_said["cf_prod"] == ("bad", "cf_prod: gives no answer")
    assert page.summary.startswith("Out of order: cf_prod")
    assert len(stores_said) == 6


def test_a_store_that_hangs_is_not_waited_for() -> None:
    class Hangs:
        def ping(self) -> str:
            released.wait(10)
            return ""

    released = Event()
    try:
        found = check_stores({StoreName.CF_PROD: Hangs()}, clock=timezone.now, longest=0.05)
    finally:
        released.set()
    assert found[StoreName.CF_PROD].startswith("cf_prod gave no answer within")


@pytest.mark.usefixtures("twin", "stores_clean")
def test_check_now_asks_the_six_real_stores(support: Client) -> None:
    answer = support.post("/status/check/")
    assert (answer.status_code, answer["Location"]) == (302, "/status/")
    asked = {row.name: row.detail["ok"] for row in Pulse.objects.filter(name__startswith=Pulse.STORE)}
    assert asked == {f"store:{name}": True for name in StoreName}


def test_the_queue_the_parked_and_the_unpublished_are_counted(support: Client) -> None:
    then = timezone.now() - HOUR
    Dirty.objects.create(account="acc_1", not_before=then, since=then)
    Dirty.objects.create(
        account="acc_2", not_before=then, since=then, parked=True, attempts=8, last_error="cf_prod: no"
    )
    OutboxEvent.objects.create(kind="k", account_id="acc_1", at=then)
    page = support.get("/status/").context["page"]
    said = {part.name: part.said for part in page.engine}
    assert said["Queue"] == "1 due, 1 parked"
    assert said["Events"] == "1 unpublished, the oldest 60 min ago"
    assert [(one.account_id, one.attempts, one.error) for one in page.parked] == [("acc_2", 8, "cf_prod: no")]


def test_a_repair_in_doubt_is_listed_with_its_links(support: Client) -> None:
    late = timezone.now() - HOUR
    stored_apply(ApplyState.COMMITTING, lease_until=late, waiting_for="billing_prod")
    stored_apply(ApplyState.APPROVED, account_id="acc_2", created_at=late)
    stored_apply(ApplyState.EXCEPTION, account_id="acc_3", closed_at=late, explanation="look at cf_prod")
    stored_apply(ApplyState.DONE, account_id="acc_4", closed_at=late)
    repairs = {one.account_id: (one.state, one.note) for one in support.get("/status/").context["page"].repairs}
    assert repairs == {
        "acc_1": ("In doubt", "Waits for billing_prod."),
        "acc_2": ("Queued", "No worker has taken it yet."),
        "acc_3": ("Needs a person", "look at cf_prod"),
    }


def test_the_queries_do_not_grow(support: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            support.get("/status/")
        return len(caught)

    queries()
    few = queries()
    for number in range(30):
        stored_apply(ApplyState.COMMITTING, account_id=f"acc_{number}")
    assert queries() == few <= 24


@pytest.mark.parametrize("role", ["viewer", "support", "finance"])
def test_only_an_admin_pauses(logged_in: Browser, role: str) -> None:
    client = logged_in(role)
    assert client.post("/status/pause/", {"to": "pause", "reason": "x"}).status_code == 403
    assert not Switch.objects.exists()
    assert "disabled" in client.get("/status/").content.decode()


def test_an_admin_pauses_and_resumes_with_a_reason(logged_in: Browser) -> None:
    admin = logged_in("admin")
    admin.post("/status/pause/", {"to": "pause", "reason": "the ledger moves"}, headers={"X-Request-ID": "req-7"})
    freeze = admin.get("/status/").context["page"].freeze
    assert (freeze.is_on, freeze.reason) == (True, "the ledger moves")
    assert "paused by admin since" in freeze.words
    entry = AuditEntry.objects.latest("seq")
    assert (entry.actor, entry.action, entry.request_id) == ("user:admin", "applies.paused", "req-7")
    admin.post("/status/pause/", {"to": "resume", "reason": "it has moved"})
    assert not admin.get("/status/").context["page"].freeze.is_on


@pytest.mark.parametrize("form", [{"to": "pause", "reason": "  "}, {"to": "pause"}, {"to": "x", "reason": "y"}, {}])
def test_without_a_reason_nothing_is_paused(logged_in: Browser, form: dict[str, str]) -> None:
    answer = logged_in("admin").post("/status/pause/", form)
    assert (answer.status_code, Switch.objects.exists()) == (400, False)
    assert "alert" in answer.content.decode()


def test_a_reason_is_inert(support: Client) -> None:
    pause_applies(actor="user:admin", reason="<script>alert(1)</script>", now=timezone.now())
    assert "<script>alert" not in support.get("/status/").content.decode()


@pytest.mark.parametrize(
    ("ago", "problems", "words", "tone"),
    [
        (timedelta(minutes=12), [], "Chain verified 12 min ago: 4 211 entries, 12 checkpoints", "good"),
        (3 * HOUR, [], "Chain not verified for 3 h", "warn"),
        (timedelta(minutes=1), ["entry 17: row 17 is missing"], "Chain BROKEN: entry 17: row 17 is missing", "bad"),
    ],
)
def test_the_badge_tells_when_the_chain_was_walked(
    support: Client, ago: timedelta, problems: list[str], words: str, tone: str
) -> None:
    AuditVerification.objects.create(
        at=timezone.now() - ago, actor="task:verify_audit", entries=4211, checkpoints=12, problems=problems
    )
    for url in ("/status/", "/audit/"):
        shown = support.get(url).context["page"].badge
        assert (shown.text.replace("\u202f", " "), shown.tone) == (words, tone)


def test_a_chain_that_was_found_broken_once_is_not_forgotten(support: Client) -> None:
    for problems in (["entry 17: gone"], []):
        AuditVerification.objects.create(at=timezone.now(), actor="a", entries=17, problems=problems)
    assert "entry 17: gone" in support.get("/audit/").context["page"].badge.note


def test_alive_is_whoever_answers(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content.startswith(b"ok ")


def test_what_a_store_is_only_read_for_and_how_its_replica_is_stand_beside_it(support: Client) -> None:
    why = "cf_prod: prepared transactions are off."
    told = {"ok": True, "ms": 3, "why": ""}
    for name, more in {
        "cf_prod": {"read_only": {"cf_prod": why}, "replica": {"lag_s": 1.25, "why": ""}},
        "billing_prod": {"read_only": {}, "replica": {"lag_s": None, "why": "it gives no answer."}},
    }.items():
        Pulse.objects.create(name=f"store:{name}", at=timezone.now(), detail=told | more)
    notes = {part.name: (part.note, part.tone) for part in support.get("/status/").context["page"].stores}
    assert notes["cf_prod"][0].endswith(f"Its replica was 1.2 s behind. {why}")
    assert notes["billing_prod"][0].endswith("passed over, and the primary read instead: it gives no answer.")
    assert (notes["cf_prod"][1], notes["billing_prod"][1]) == ("warn", "warn")

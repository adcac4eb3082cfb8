"""The proof on an account's page: true of the real rules, caught where rules remember, and written nowhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import Evaluated
from recon.actions.prove_convergence import LAST, MOST_SECONDS, RUNS, Look, Proof, prove_convergence
from recon.actions.receive_store_events import StoreEvent, receive_store_events
from recon.actions.recompute import recompute_account
from recon.engine.facts import Reading
from recon.models import AccountState, Trigger
from tests.actions.conftest import sweeper_at, told
from tests.support.stores import Connect
from tests.support.twin import twin, twin_server

__all__ = ["sweeper_at", "told", "twin", "twin_server"]

NOW = datetime(2026, 3, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(sweeper_at: Callable, told: Callable, owner: Connect) -> Callable[..., Proof]:
    """acc_1 was opened and closed in turn, an event and a look each time; the proof of what came of it."""
    told("paid_after_suspension")
    sweeper = sweeper_at(NOW)

    def prove(look: Look = evaluate, timer: Callable[[], float] | None = None) -> Proof:
        extra = {"timer": timer} if timer is not None else {}
        return prove_convergence("acc_1", stores=sweeper.stores, rules=sweeper.rules, now=NOW, look=look, **extra)

    for hour in range(LAST + 2):
        at = NOW - timedelta(hours=LAST + 2 - hour)
        status = "open" if hour % 2 else "closed"
        owner("subs_account").execute("UPDATE accounts SET status = %s, row_version = row_version + 1", [status])
        stores = sweeper_at(at).stores
        recompute_account("acc_1", stores=stores, rules=sweeper.rules, now=at, trigger=Trigger.EVENT, actor="test")
        receive_store_events([StoreEvent("subs_account", f"e{hour}", "acc_1", at)], now=at + timedelta(minutes=1))
    return prove


def test_every_order_ends_in_the_live_verdict(lived: Callable[..., Proof]) -> None:
    proof = lived()
    assert len(proof.deliveries) == LAST
    assert [one.event_id for one in proof.deliveries] == [f"e{number}" for number in range(2, LAST + 2)]
    assert (len(proof.runs), {run.digest for run in proof.runs}, proof.parted) == (RUNS, {proof.digest}, ())
    assert proof.digest == AccountState.objects.get().evaluation.content_hash
    assert proof.state == "clear"


def test_the_orders_differ_lose_and_double(lived: Callable[..., Proof]) -> None:
    runs = lived().runs
    assert len({run.order for run in runs}) == RUNS
    assert any(run.lost for run in runs)
    assert any(len(set(run.order)) < len(run.order) for run in runs)
    assert all(set(run.order) | set(run.lost) == set(range(LAST)) for run in runs)
    assert [run.order for run in runs] == [run.order for run in lived().runs]


def changed(evaluated: Evaluated, mark: object) -> Evaluated:
    return replace(evaluated, answer={**evaluated.answer, "reasons": [str(mark)]})


def counting() -> Look:
    """Rules that count how often they were asked."""
    asked: list[int] = []

    def look(account_id: str, readings: Sequence[Reading], rules: Rules, now: datetime) -> Evaluated:
        asked.append(1)
        return changed(evaluate(account_id, readings, rules, now), len(asked))

    return look


def remembering() -> Look:
    """Rules that go on from what they said last: the classic way to depend on the order of events."""
    last: list[Any] = [None]

    def look(account_id: str, readings: Sequence[Reading], rules: Rules, now: datetime) -> Evaluated:
        evaluated = evaluate(account_id, readings, rules, now)
        before, last[0] = last[0], evaluated.answer["truth"]
        return changed(evaluated, before)

    return look


def ratchet() -> Look:
    """Rules by which an account that was seen closed once stays so: they part on the way, and agree in the end."""
    seen: set[str] = set()

    def look(account_id: str, readings: Sequence[Reading], rules: Rules, now: datetime) -> Evaluated:
        evaluated = evaluate(account_id, readings, rules, now)
        rows = [row for reading in readings for row in reading.tables.get("accounts", ())]
        seen.update(str(row["status"]) for row in rows)
        return changed(evaluated, sorted(seen)) if now < NOW else evaluated

    return look


@pytest.mark.parametrize("planted", [counting, remembering, ratchet])
def test_rules_that_depend_on_the_order_are_caught(lived: Callable[..., Proof], planted: Callable[[], Look]) -> None:
    assert lived(planted()).parted != ()


def test_it_stops_when_its_time_is_up(lived: Callable[..., Proof]) -> None:
    ticks: Iterator[float] = iter([0.0, MOST_SECONDS / 2, MOST_SECONDS, MOST_SECONDS])
    assert len(lived(timer=lambda: next(ticks)).runs) == 2


def test_nothing_is_written_by_it(lived: Callable[..., Proof]) -> None:
    asked: list[str] = []

    def note(execute: Callable, sql: str, *rest: Any) -> Any:
        asked.append(sql.strip().split()[0].lower())
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        lived()
    assert set(asked) <= {"select", "(select"}


def test_an_account_without_events_is_shown_by_its_stores_words(
    sweeper_at: Callable, told: Callable, support: Client
) -> None:
    told("paid_after_suspension")
    sweeper = sweeper_at(NOW)
    recompute_account("acc_1", stores=sweeper.stores, rules=sweeper.rules, now=NOW, trigger=Trigger.SWEEP, actor="t")
    proof = prove_convergence("acc_1", stores=sweeper.stores, rules=sweeper.rules, now=NOW)
    assert {(one.what, one.event_id) for one in proof.deliveries} == {("", "")}
    assert proof.parted == ()
    page = support.post("/accounts/acc_1/convergence/")
    assert "The same verdict after each of 20 orders" in page.content.decode()
    assert "No event of this account has come in yet" in page.content.decode()


def test_the_page_explains_before_it_proves(keep: Callable[..., str], support: Client) -> None:
    account = keep("drift/flagged_but_paid")
    assert f"/accounts/{account}/convergence/" in support.get(f"/accounts/{account}/").content.decode()
    page = support.get(f"/accounts/{account}/convergence/")
    assert page.context["page"].outcome is None
    assert "Nothing is written anywhere" in page.content.decode()


def test_nobody_knows_what_is_not_there(support: Client) -> None:
    assert support.post("/accounts/acc_nobody/convergence/").status_code == 404

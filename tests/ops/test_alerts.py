"""Each alert comes when what it is about happens, says what to do, and asks for numbers that there are."""

import json
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
import yaml
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from recon import bootstrap
from recon.actions.breaker import open_breaker
from recon.actions.check_stores import check_stores
from recon.actions.keep_point import keep_point
from recon.actions.pause_applies import pause_applies
from recon.actions.take_pulse import take_pulse
from recon.apply.journal import gid_of
from recon.engine.facts import StoreName
from recon.models import (
    AccountState,
    Apply,
    ApplyState,
    AuditVerification,
    Dirty,
    Inbox,
    InboxStatus,
    MirrorSync,
    OutboxEvent,
    Pulse,
    Recompute,
    Relapse,
    SweepRun,
)
from recon.stores.subs_dunning import SubsDunning
from tests.support.kept import golden, keep_case
from tests.support.repairs import repair_in
from tests.support.tokens import bearer

OPS: Final = Path(__file__).resolve().parents[2] / "ops"
NOW: Final = datetime.now(UTC)
LONG_AGO: Final = NOW - timedelta(hours=6)
RULES: Final = [rule for group in yaml.safe_load((OPS / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
EXPRESSION: Final = re.compile(r'(\w+)(?:\{(\w+)="([^"]*)"\})? (>|==) (\d+)')
ABSENT: Final = re.compile(r"absent\((\w+)\)")
OURS: Final = re.compile(r"\brecon_\w+")
OPERATORS: Final = {">": operator.gt, "==": operator.eq}
Scrape = dict[str, list[tuple[dict[str, str], float]]]


def scrape() -> Scrape:
    """Name → (labels, value) of each sample; a name without samples has none."""
    text = bearer("read").get("/metrics").content.decode()
    return {
        family.name if family.type != "counter" else f"{family.name}_total": [
            (sample.labels, sample.value) for sample in family.samples
        ]
        for family in text_string_to_metric_families(text)
    }


def holds(expression: str, scraped: Scrape) -> bool:
    """As Prometheus reads the few forms that the rules use."""
    if absent := ABSENT.fullmatch(expression):
        return not scraped.get(absent[1])
    found = EXPRESSION.fullmatch(expression)
    assert found, f"{expression} is of no form that is known here"
    name, label, value, compared, number = found.groups()
    samples = [one for labels, one in scraped[name] if label is None or labels.get(label) == value]
    return any(OPERATORS[compared](one, float(number)) for one in samples)


def _drift(case: str) -> None:
    keep_case(golden(case))
    keep_point(now=NOW)


def _apply(state: ApplyState, **changes: Any) -> Apply:
    return repair_in(state, keep_case(golden("payments/paid_after_suspension")), **changes)


def _relapse() -> None:
    repair = _apply(ApplyState.DONE)
    Relapse.objects.create(at=NOW, account_id="acc_1", place="a.b.c", key="1", apply=repair, other="somebody")


def _unread_by_many() -> None:
    keep_case(golden("payments/paid_after_suspension"))
    [kept] = AccountState.objects.all()
    reads = {**kept.reads, "cf_prod": {"ok": False, "as_of": None, "reason": "no answer"}}
    for number in range(101):
        kept.pk, kept.is_known, kept.reads = f"acc_unread_{number}", False, reads
        kept.save(force_insert=True)


def _ask_stores(at: datetime = NOW) -> None:
    check_stores(bootstrap.stores(), clock=lambda: at)


def _ask_one_that_is_down() -> None:
    down = SubsDunning("postgresql://nobody@127.0.0.1:1/subs_dunning", clock=lambda: NOW)
    check_stores({**bootstrap.stores(), StoreName.SUBS_DUNNING: down}, clock=lambda: NOW)


def _event(status: InboxStatus) -> None:
    Inbox.objects.create(
        source="stripe", event_id="evt_1", received_at=NOW, type="x", body={}, body_hash="", status=status
    )


def _slow_recompute() -> None:
    causes = [{"kind": "event", "ref": "stripe evt_1", "at": (NOW - timedelta(minutes=2)).isoformat()}]
    Recompute.objects.create(account_id="acc_1", at=NOW, causes=causes)


def _pause() -> None:
    pause_applies(actor="user:admin", reason="an incident", now=NOW)


def _walk(at: datetime, *problems: str) -> None:
    AuditVerification.objects.create(at=at, actor="task:verify", entries=1, problems=list(problems))


HAPPENS: Final[dict[str, Callable[[], object]]] = {
    "ReconPayerLockedOut": lambda: _drift("payments/paid_after_suspension"),
    "ReconHeadlineNotZero": lambda: _drift("drift/flagged_but_paid"),
    "ReconRelapse": _relapse,
    "ReconAppliesPaused": _pause,
    "ReconBreakerOpen": lambda: open_breaker("too many", NOW, {}),
    "ReconApplyNeedsPerson": lambda: _apply(ApplyState.EXCEPTION, closed_at=NOW),
    "ReconApplyInDoubt": lambda: _apply(ApplyState.COMMITTING, lease_until=LONG_AGO),
    "ReconStoreDown": _ask_one_that_is_down,
    "ReconStoreUnasked": lambda: _ask_stores(LONG_AGO),
    "ReconStoreUnread": _unread_by_many,
    "ReconMirrorOld": lambda: MirrorSync.objects.create(started_at=LONG_AGO, completed_at=LONG_AGO, kind="customers"),
    "ReconWorkerSilent": lambda: take_pulse("worker", now=LONG_AGO),
    "ReconBeatSilent": lambda: take_pulse("beat", now=LONG_AGO),
    "ReconQueueOld": lambda: Dirty.objects.create(account="acc_1", gen=1, not_before=LONG_AGO, since=LONG_AGO),
    "ReconAccountParked": lambda: Dirty.objects.create(account="acc_1", gen=1, not_before=NOW, since=NOW, parked=True),
    "ReconIntakeSlow": _slow_recompute,
    "ReconEventDead": lambda: _event(InboxStatus.DEAD),
    "ReconOutboxOld": lambda: OutboxEvent.objects.create(kind="drift.detected", account_id="acc_1", at=LONG_AGO),
    "ReconSweepOld": lambda: SweepRun.objects.create(started_at=LONG_AGO, finished_at=LONG_AGO),
    "ReconAuditBroken": lambda: _walk(NOW, "entry 7 was changed"),
    "ReconAuditUnverified": lambda: _walk(LONG_AGO),
}
APART: Final = {"ReconPreparedTransactionOld", "ReconGone"}  # tests of their own, below


def rule_of(name: str) -> dict[str, Any]:
    return next(rule for rule in RULES if rule["alert"] == name)


def test_every_alert_is_tried_and_has_its_runbook() -> None:
    names = [rule["alert"] for rule in RULES]
    headings = re.findall(r"^## (\w+)$", (OPS / "runbooks.md").read_text(), re.MULTILINE)
    assert names == headings
    assert set(names) == HAPPENS.keys() | APART
    assert [rule["annotations"]["runbook"] for rule in RULES] == [f"runbooks.md#{name.lower()}" for name in names]


@pytest.mark.parametrize("name", HAPPENS)
@pytest.mark.django_db
def test_an_alert_comes_when_it_happens_and_not_before(name: str) -> None:
    expression = rule_of(name)["expr"]
    before = holds(expression, scrape())
    HAPPENS[name]()
    assert (before, holds(expression, scrape())) == (False, True)


@pytest.mark.django_db
def test_a_transaction_that_stays_prepared_is_told(owner) -> None:
    store, gid = owner("billing_prod"), gid_of(settings.RECON_INSTANCE, uuid4(), StoreName.BILLING_PROD)
    store.execute("begin")
    store.execute("select pg_current_xact_id()")
    store.execute(f"prepare transaction '{gid}'")
    try:
        _ask_stores()
    finally:
        store.execute(f"rollback prepared '{gid}'")
    pulse, expression = Pulse.objects.get(name="store:billing_prod"), rule_of("ReconPreparedTransactionOld")["expr"]
    assert (pulse.detail["prepared"], holds(expression, scrape())) == (1, False)
    pulse.detail["prepared_since"] = LONG_AGO.isoformat()
    pulse.save()
    assert holds(expression, scrape())


@pytest.mark.django_db
def test_an_engine_that_is_gone_is_told() -> None:
    expression = rule_of("ReconGone")["expr"]
    assert (holds(expression, scrape()), holds(expression, {})) == (False, True)


@pytest.mark.django_db
def test_whatever_alerts_and_dashboard_ask_for_is_measured() -> None:
    asked = {name for rule in RULES for name in OURS.findall(rule["expr"])}
    dashboard = json.loads((OPS / "dashboard.json").read_text())
    asked |= {name for panel in dashboard["panels"] for one in panel["targets"] for name in OURS.findall(one["expr"])}
    assert asked - scrape().keys() == set()

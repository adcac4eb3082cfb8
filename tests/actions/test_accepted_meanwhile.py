"""A difference that is accepted between the approval and the apply is not applied, whoever approved it, over real
stores; and it is once the acceptance has ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recon.actions.approve import approve_plan
from recon.actions.carry_out import carry_out
from recon.actions.decide_case import CaseAsked, decide_case
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.end_decision import end_decision
from recon.actions.look_again import look_again
from recon.models import Apply, CaseDecision
from recon.queries.account import account_view
from recon.queries.case_subjects import subjects_of
from tests.support.bulk import drifted, person, started, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]
WHY = "a court decides in spring"


def accept(account: str) -> None:
    view, now = account_view(account), timezone.now()
    subject = subjects_of(view.findings, view.cells)[-1]
    asked = CaseAsked(subject.finding, subject.seal, "accept", WHY, until=(now + timedelta(days=9)).date())
    assert decide_case(account, asked, actor="user:eve", groups=["finance"], now=now).decision_id


def approved(account: str) -> Any:
    person("ada", "finance")
    digest = account_view(account).digest
    asked = {"actor": "user:ada", "groups": ["finance"], "reason": "paid", "request_key": str(timezone.now())}
    return approve_plan(account, digest=digest, **asked).apply_id


def test_an_approval_is_not_carried_out(told: Callable[..., Any]) -> None:
    drifted(told, 1)
    apply_id = approved("acc_1")
    accept("acc_1")
    result = carry_out(apply_id)
    assert (result.outcome, result.code) == ("refused", "accepted")
    assert WHY in Apply.objects.get(id=apply_id).explanation
    assert look_again("acc_1", actor="task:sweep").answer["plan"]["writes"]

    [decision] = CaseDecision.objects.all()
    assert decision.closed_at is None
    end_decision(decision.id, actor="user:eve", groups=["finance"], reason="it was decided", now=timezone.now())
    assert carry_out(approved("acc_1")).outcome == "applied"


def test_an_account_of_a_bulk_repair_is_left_as_it_is(told: Callable[..., Any]) -> None:
    drifted(told, 1)
    run = started()
    accept("acc_1")
    drive_bulk_repairs(now=timezone.now())
    work()
    item = run.items.get()
    assert (item.outcome, WHY in item.explanation) == ("skipped", True)
    assert not Apply.objects.exists()


def test_a_repair_closes_what_was_accepted_before_it(told: Callable[..., Any]) -> None:
    drifted(told, 1)
    accept("acc_1")
    CaseDecision.objects.update(until=timezone.now() - timedelta(seconds=1))
    carry_out(approved("acc_1"))
    assert CaseDecision.objects.get().closing == "gone"

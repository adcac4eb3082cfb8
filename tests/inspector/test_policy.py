"""The policy page tells what auto would do, as the engine then does it; an admin alone changes it, with a reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recon.actions.breaker import breaker_is_open
from recon.actions.pause_applies import pause_applies
from recon.actions.repair_automatically import repair_automatically
from recon.actions.set_class_mode import NAMES, set_class_mode
from recon.models import AccountState, Apply, ApplyState, AuditEntry, ClassMode, Relapse, Switch
from recon.queries.automation import Fate, automation
from tests.support.kept import golden_names

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
Keep = Callable[..., str]
LENIENT = "payments/paid_after_suspension"
SEVERE = "drift/bad_debt_missed"
REASON = "watched it for a month"


def page_of(client: Client) -> Any:
    answer = client.get("/policy/")
    assert answer.status_code == 200
    return answer.context["page"]


def put_in_auto(*names: str) -> None:
    for name in names or NAMES:
        set_class_mode(name, "auto", actor="user:root", reason=REASON, now=timezone.now())


def age(account_id: str, *, changed: timedelta, evaluated: timedelta = timedelta()) -> None:
    now = timezone.now()
    AccountState.objects.filter(account_id=account_id).update(changed_at=now - changed, evaluated_at=now - evaluated)


def fates(name: str) -> dict[str, int]:
    found = automation(now=timezone.now())
    return next(dict(one.fates) for one in found.classes if one.name == name)


def test_every_class_is_in_approve_until_somebody_sets_it(support: Client) -> None:
    page = page_of(support)
    assert [(one.name.code, one.mode.code, one.since) for one in page.classes] == [
        (name, "approve", "the default") for name in NAMES
    ]


def test_a_class_says_who_set_its_mode_and_why(support: Client) -> None:
    set_class_mode("values", "observe", actor="user:root", reason="<b>not yet</b>", now=timezone.now())
    one = page_of(support).classes[-1]
    assert (one.mode.code, one.since, one.reason) == ("observe", "set by root just now", "<b>not yet</b>")
    assert "<b>not yet" not in support.get("/policy/").content.decode()


def test_accounts_and_plans_are_counted_by_class(support: Client, keep: Keep) -> None:
    keep(LENIENT, account_id="acc_1")
    keep(SEVERE, account_id="acc_2")
    counts = {one.name.code: (one.accounts, one.lenient, one.severe) for one in page_of(support).classes}
    assert counts["bad_debt_drift"] == ("2", "1", "1")


def test_what_auto_would_do_is_said_by_class(keep: Keep) -> None:
    classes = AccountState.objects.get(account_id=keep(LENIENT, account_id="acc_1")).classes
    assert fates("bad_debt_drift") == {Fate.OTHER_CLASS: 1}
    put_in_auto(*classes)
    assert fates("bad_debt_drift") == {Fate.READY: 1}


def test_a_severe_plan_waits_for_its_second_look(keep: Keep) -> None:
    put_in_auto()
    keep(SEVERE, account_id="acc_1")
    age("acc_1", changed=timedelta(hours=2), evaluated=timedelta(minutes=110))
    assert fates("bad_debt_drift") == {Fate.UNCONFIRMED: 1}
    age("acc_1", changed=timedelta(hours=2))
    assert fates("bad_debt_drift") == {Fate.READY: 1}


def test_a_breaker_that_would_open_stops_what_is_severe(support: Client, keep: Keep) -> None:
    put_in_auto()
    keep(SEVERE, account_id="acc_1")
    age("acc_1", changed=timedelta(minutes=20))
    assert fates("bad_debt_drift") == {Fate.STOPPED: 1}
    assert "it opens at the next round" in page_of(support).breaker.now
    assert breaker_is_open(timezone.now())


def test_a_relapsed_cell_is_left_to_a_person(keep: Keep) -> None:
    put_in_auto()
    keep(LENIENT, account_id="acc_1")
    write = AccountState.objects.get().evaluation.writes[0]
    now = timezone.now()
    apply = Apply.objects.create(
        account_id="acc_1", digest="d", approved_by="user:ada", reason="r", created_at=now, expires_at=now,
        state=ApplyState.DONE, closed_at=now,
    )  # fmt: skip
    place = f"{write['store']}.{write['table']}.{write['column']}"
    Relapse.objects.create(at=now, account_id="acc_1", place=place, key="acc_1", apply=apply, other="another")
    assert fates("bad_debt_drift") == {Fate.RELAPSED: 1}


def test_what_is_said_is_what_is_done(keep: Keep) -> None:
    for name in golden_names()[::4]:
        account = keep(name, account_id=f"acc_{name.replace('/', '_')}")
        age(account, changed=timedelta(hours=2))
    put_in_auto()
    now = timezone.now()
    found = automation(now=now)
    approved = {state.account_id: frozenset(state.classes or ["values"]) for state in AccountState.objects.all()}
    repair_automatically(now=now)
    done = [approved[row.account_id] for row in Apply.objects.all()]
    said = {one.name: one.fates.get(Fate.READY, 0) for one in found.classes}
    assert done
    assert said == {name: sum(name in classes for classes in done) for name in NAMES}
    again = {one.name: one.fates for one in automation(now=now).classes}
    assert again["bad_debt_drift"][Fate.UNDER_REPAIR] == said["bad_debt_drift"]


def test_an_admin_sets_a_mode_with_a_reason(logged_in: Browser) -> None:
    admin = logged_in("admin")
    answer = admin.post("/policy/mode/", {"class": "values", "mode": "auto", "reason": REASON})
    assert (answer.status_code, answer["Location"]) == (302, "/policy/")
    assert ClassMode.objects.get().mode == "auto"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason, entry.after) == (
        "user:admin",
        "mode.set",
        REASON,
        {"class": "values", "mode": "auto"},
    )


@pytest.mark.parametrize(
    "form",
    [
        {"class": "values", "mode": "auto", "reason": " "},
        {"class": "values", "mode": "x", "reason": REASON},
        {"class": "x", "mode": "auto", "reason": REASON},
        {},
    ],
)
def test_what_is_not_right_changes_nothing_and_is_said(logged_in: Browser, form: dict[str, str]) -> None:
    answer = logged_in("admin").post("/policy/mode/", form)
    assert (answer.status_code, ClassMode.objects.exists()) == (422, False)
    assert 'role="alert"' in answer.content.decode()


def test_what_was_typed_stands_in_its_own_form(logged_in: Browser) -> None:
    page = logged_in("admin").post("/policy/mode/", {"class": "values", "mode": "auto", "reason": ""}).context["page"]
    assert {one.name.code: bool(one.problem) for one in page.classes} == {name: name == "values" for name in NAMES}
    assert [option.value for option in page.classes[-1].options if option.is_chosen] == ["auto"]


@pytest.mark.parametrize("role", ["viewer", "support", "finance"])
def test_others_see_the_policy_and_change_nothing(logged_in: Browser, role: str) -> None:
    client = logged_in(role)
    assert client.post("/policy/mode/", {"class": "values", "mode": "auto", "reason": "r"}).status_code == 403
    html = client.get("/policy/").content.decode()
    assert f"changed by admin. You are in: {role}." in html
    assert html.count("<fieldset") == html.count(" disabled>") == len(NAMES)


def test_an_admin_closes_the_breaker_with_what_was_found(logged_in: Browser) -> None:
    Switch.objects.create(
        name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True, reason="9 of 100", set_by="task:auto", set_at=timezone.now()
    )
    admin = logged_in("admin")
    assert page_of(admin).breaker.reason == "9 of 100"
    assert admin.post("/policy/breaker/", {"reason": ""}).status_code == 422
    assert admin.post("/policy/breaker/", {"reason": "the plans are right"}).status_code == 302
    breaker = page_of(admin).breaker
    assert (breaker.state.code, breaker.can_close) == ("closed", False)
    assert "Closed by admin" in breaker.text
    assert admin.post("/policy/breaker/", {"reason": "again"}).status_code == 422
    assert AuditEntry.objects.get().action == "automation.resumed"


def test_a_pause_is_said_with_the_way_to_it(support: Client) -> None:
    pause_applies(actor="user:admin", reason="the ledger moves", now=timezone.now())
    assert page_of(support).freeze.is_on
    assert "the ledger moves" in support.get("/policy/").content.decode()


def test_numbers_stand_beside_the_rules_own(support: Client, settings: Any) -> None:
    settings.POLICY = {"dust_minor": 75, "rungs": {"contract": {"grace": 3}}, "plans": {"price_1": "pro"}}
    numbers = page_of(support).numbers
    assert [(one.group, one.name, one.value, one.default) for one in numbers.lines if not one.is_default] == [
        ("Contract ladder", "In grace from", "3 days past due", "1 day past due"),
        ("Numbers", "Dust: too little to call debt, up to", "75 minor units", "50 minor units"),
        ("Plans by price", "price_1", "pro", "none"),
    ]
    assert (numbers.name, numbers.versions) == ("Version 1", ())


def test_the_queries_do_not_grow(support: Client, keep: Keep) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            page_of(support)
        return len(caught)

    queries()
    few = queries()
    for number in range(10):
        keep(LENIENT, account_id=f"acc_{number}")
    assert queries() == few <= 10

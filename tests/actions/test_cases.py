"""A person's decision on a case: what is stored, who may, what closes it, and that what is accepted is not applied."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from recon.actions.approve import approve_plan
from recon.actions.decide_case import LONGEST_REASON, CaseAsked, Decided, decide_case
from recon.actions.end_acceptances import end_acceptances
from recon.actions.end_decision import end_decision
from recon.actions.repair_automatically import Automatic, repair_automatically
from recon.actions.set_class_mode import NAMES, set_class_mode
from recon.models import AccountState, AuditEntry, CaseDecision, Dirty, OutboxEvent
from recon.queries.account import account_view
from recon.queries.case_choices import choices_of
from recon.queries.case_subjects import Subject, subjects_of
from recon.queries.drift import headlines
from recon.queries.facts import account_facts
from recon.queries.queue import accounts_by_harm
from recon.queries.queue_filter import Accepted, QueueFilter
from tests.support.kept import golden, keep_case

NOW = datetime.now(UTC)
NEXT_MONTH = (NOW + timedelta(days=30)).date()
LENIENT = "payments/paid_after_suspension"
CONFLICT = "conflicts/minimum_of_both"
DUPLICATE = "plans/duplicate_subscriptions"
pytestmark = pytest.mark.django_db


def kept(name: str, account_id: str = "acc_1") -> str:
    return keep_case(golden(name), account_id=account_id)


def again(name: str, change: Callable[[dict[str, Any]], object], days: int = 1) -> None:
    """The same account as its stores were read so many days later."""
    case = golden(name)
    case["now"] = (clock(name) + timedelta(days=days)).isoformat()
    change(case)
    keep_case(case, account_id="acc_1")


def clock(name: str) -> datetime:
    return datetime.fromisoformat(golden(name)["now"])


def invoice(case: dict[str, Any]) -> dict[str, Any]:
    return case["stores"]["stripe"]["invoices"][0]


def dunning(case: dict[str, Any]) -> dict[str, Any]:
    return case["stores"]["subs_dunning"]["dunning"][0]


def a_third_subscription(case: dict[str, Any]) -> None:
    subscriptions = case["stores"]["stripe"]["subscriptions"]
    subscriptions.append({**subscriptions[0], "id": "sub_3"})


def queued(at: datetime, **wanted: Any) -> list[str]:
    return [one.account_id for one in accounts_by_harm(QueueFilter(at=at, **wanted))]


def subject(account: str, finding: str) -> Subject:
    view = account_view(account)
    return next(one for one in subjects_of(view.findings, view.cells) if one.finding == finding)


def offered(account: str, finding: str) -> dict[str, Any]:
    view = account_view(account)
    choices = choices_of(view, account_facts(view, whole=True), subject(account, finding))
    return {one.code: one for one in choices}


def decide(account: str, finding: str, choice: str, *, group: str = "finance", key: str = "", **asked: Any) -> Decided:
    given = {"seal": subject(account, finding).seal if "seal" not in asked else "", "reason": "called the bank"}
    return decide_case(
        account,
        CaseAsked(finding=finding, choice=choice, **given | asked),
        actor="user:ada",
        groups=[group],
        now=NOW,
        request_key=key,
    )


def accept(account: str, finding: str = "drift", **asked: Any) -> Decided:
    return decide(account, finding, "accept", **{"until": NEXT_MONTH} | asked)


def only() -> CaseDecision:
    return CaseDecision.objects.get()


def approve(account: str) -> tuple[bool, str]:
    digest = AccountState.objects.get(account_id=account).evaluation.digest
    asked = approve_plan(
        account, digest=digest, actor="user:ada", groups=["admin"], reason="paid", request_key=str(uuid4())
    )
    return asked.apply_id is not None, asked.code


def test_a_choice_is_kept_with_its_entry_and_its_event() -> None:
    account = kept(CONFLICT)
    assert decide(account, "fact_conflict", "store_is_right:stripe").decision_id == only().id
    found = subject(account, "fact_conflict")
    decision = only()
    assert (decision.text, tuple(decision.refs), decision.kind) == (found.text, found.refs, "store_is_right")
    assert (decision.owner, decision.params, decision.decided_by) == (
        "billing_prod",
        {"store": "stripe"},
        "user:ada",
    )
    entry, event = AuditEntry.objects.latest("seq"), OutboxEvent.objects.latest("sequence")
    assert (entry.action, entry.account, entry.reason) == ("case.decided", account, "called the bank")
    assert (event.kind, event.before, event.after, event.audit_seq) == ("case.decided", None, entry.after, entry.seq)


def test_it_changes_nothing_of_what_the_rules_said() -> None:
    account = kept(CONFLICT)
    before = AccountState.objects.filter(account_id=account).values().get()
    decide(account, "fact_conflict", "store_is_right:billing_prod")
    assert AccountState.objects.filter(account_id=account).values().get() == before


@pytest.mark.parametrize(
    ("name", "finding", "choice", "owner", "call"),
    [
        (CONFLICT, "fact_conflict", "store_is_right:billing_prod", "stripe",
         "stripe credit_notes create -d invoice=in_1 -d amount=800"),
        (f"{CONFLICT}_stripe_lower", "fact_conflict", "store_is_right:stripe", "billing_prod",
         "insert into adjustments (adjustment_id, invoice_id, kind, amount_minor, currency, effective_at) "
         "values (gen_random_uuid()::text, 'inv_1', 'credit_note', 1500, 'usd', now());"),
        ("conflicts/voided_in_stripe_open_in_the_ledger", "fact_conflict", "store_is_right:stripe", "billing_prod",
         "update invoices set status = 'void' where invoice_id = 'inv_1' and status = 'issued';"),
        ("identity/claims_the_account_but_is_not_linked", "identity", "link:cus_9:acc_1", "subs_customer",
         "insert into customer_aliases (stripe_customer_id, account_id) values ('cus_9', 'acc_1');"),
        ("identity/claims_the_account_but_is_not_linked", "identity", "unlink:cus_9:acc_1", "stripe",
         "stripe customers update cus_9 -d 'metadata[account_id]='"),
        ("identity/two_accounts_claim_one_customer", "identity", "unlink:cus_1:acc_2", "subs_customer",
         "update customers set stripe_customer_id = null where account_id = 'acc_2' and stripe_customer_id = 'cus_1';"),
        (DUPLICATE, "duplicate_subscription", "keep_subscription:sub_1", "stripe",
         "stripe subscriptions cancel sub_2"),
    ],
)  # fmt: skip
def test_what_its_owner_is_told(name: str, finding: str, choice: str, owner: str, call: str) -> None:
    account = kept(name)
    decide(account, finding, choice)
    assert (only().owner, only().hand_over["call"]) == (owner, call)


def test_both_balances_and_the_ids_are_told() -> None:
    account = kept(CONFLICT)
    decide(account, "fact_conflict", "store_is_right:billing_prod")
    assert only().hand_over["sentence"] == (
        "Account acc_1, invoice in_1: the ledger says 12.00 USD is owed (inv_1), Stripe says 20.00 USD is owed (in_1). "
        "The ledger is right: please credit 8.00 USD of it."
    )


def test_what_our_own_plan_proposes_is_not_handed_over() -> None:
    account = kept("proposals/void_in_stripe")
    decide(account, "fact_conflict", "store_is_right:billing_prod")
    assert only().params == {"store": "billing_prod", "proposal": "invoices.void_invoice:in_1"}
    assert only().hand_over["call"] == ""


def test_a_case_is_handed_over_with_a_reference() -> None:
    account = kept("conflicts/drafts_behind_unpaid")
    decide(account, "draft_backlog", "hand_over", group="support", owner="stripe", reference="OPS-7")
    assert (only().owner, only().params) == ("stripe", {"reference": "OPS-7"})
    assert only().hand_over["sentence"].endswith("Please settle it in your store. Reference: OPS-7.")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"reason": " \x00"}, "empty"),
        ({"reason": "x" * (LONGEST_REASON + 1)}, "too_long"),
        ({"reference": "x" * 101}, "too_long"),
        ({"choice": "hand_over", "owner": "ledger"}, "no_owner"),
        ({"choice": "accept"}, "no_day"),
        ({"choice": "accept", "until": NOW.date()}, "past"),
        ({"choice": "accept", "until": date.max}, "too_far"),
        ({"choice": "link:cus_77:acc_1"}, "no_choice"),
        ({"choice": "store_is_right:cf_prod"}, "no_choice"),
        ({"seal": "0" * 64}, "changed"),
        ({"group": "support"}, "forbidden"),
        ({"choice": "accept", "until": NEXT_MONTH, "group": "support"}, "forbidden"),  # the plan is severe
        ({"group": "viewer", "choice": "hand_over", "owner": "stripe"}, "forbidden"),
    ],
)
def test_what_is_refused_changes_nothing(asked: dict[str, Any], code: str) -> None:
    account = kept(CONFLICT)
    assert decide(account, "fact_conflict", **{"choice": "store_is_right:stripe"} | asked).code == code
    assert not CaseDecision.objects.exists()
    tried = list(AuditEntry.objects.filter(action="case.refused").values_list("after__code", flat=True))
    assert tried == ([code] if code in {"no_choice", "changed", "forbidden"} else [])


def test_who_is_late_is_told_what_is_true_now() -> None:
    account = kept(CONFLICT)
    seen = subject(account, "fact_conflict").seal
    again(CONFLICT, lambda case: invoice(case).update(amount_remaining=1900))
    late = decide(account, "fact_conflict", "store_is_right:stripe", seal=seen)
    assert late.sentence.endswith("The ledger says 12.00 USD is owed, Stripe says 19.00 USD.")
    again(CONFLICT, lambda case: invoice(case).update(amount_remaining=1200), days=2)
    late = decide_case(
        account, CaseAsked("fact_conflict", seen, "accept", "r", until=NEXT_MONTH),
        actor="user:ada", groups=["finance"], now=NOW,
    )  # fmt: skip
    assert late.sentence == "It is settled: the stores no longer say it. Nothing was decided."


def test_an_account_that_was_never_evaluated_has_no_case() -> None:
    asked = CaseAsked("identity", "0" * 64, "hand_over", "r", owner="stripe")
    assert decide_case("acc_none", asked, actor="user:a", groups=["admin"], now=NOW).code == "unknown"


def test_a_click_that_comes_twice_decides_once() -> None:
    account = kept(CONFLICT)
    first, second = (decide(account, "fact_conflict", "store_is_right:stripe", key="k") for _ in range(2))
    assert first == second == Decided(only().id)


def test_another_decision_takes_the_place_of_the_first() -> None:
    account = kept(CONFLICT)
    decide(account, "fact_conflict", "store_is_right:stripe")
    accept(account, "fact_conflict")
    decide(account, "fact_conflict", "store_is_right:billing_prod")
    rows = CaseDecision.objects.order_by("id").values_list("kind", "params__store", "end_reason")
    assert list(rows) == [
        ("store_is_right", "stripe", "Decided anew."),
        ("accept", None, ""),
        ("store_is_right", "billing_prod", ""),
    ]


def test_the_evaluation_that_no_longer_finds_it_closes_it() -> None:
    decide(kept(CONFLICT), "fact_conflict", "store_is_right:billing_prod")
    again(CONFLICT, lambda case: invoice(case).update(amount_remaining=1900))
    assert only().closed_at is None
    again(CONFLICT, lambda case: invoice(case).update(amount_remaining=1200), days=2)
    assert (only().closing, only().closed_at) == ("gone", clock(CONFLICT) + timedelta(days=2))
    event = OutboxEvent.objects.filter(kind="case.decided").latest("sequence")
    assert (event.before["decision"], event.after) == (only().id, {"closed": "gone"})


def test_a_finding_that_speaks_of_more_is_another_one() -> None:
    decide(kept(DUPLICATE), "duplicate_subscription", "keep_subscription:sub_1")
    again(DUPLICATE, a_third_subscription)
    assert only().closing == "changed"
    assert len(offered("acc_1", "duplicate_subscription")) == 5


def test_a_store_that_could_not_be_read_closes_nothing() -> None:
    decide(kept(CONFLICT), "fact_conflict", "store_is_right:stripe")
    again(CONFLICT, lambda case: case.update(reads={"stripe": {"ok": False, "reason": "HTTP 500"}}))
    assert (only().closed_at, only().closing) == (None, "")


def test_the_same_difference_stays_accepted_and_another_is_not() -> None:
    accept(kept(LENIENT))
    again(LENIENT, lambda case: None)
    assert only().closed_at is None
    again(LENIENT, lambda case: dunning(case).update(state="past_due"), days=2)
    assert only().closing == "changed"


def test_what_gets_worse_is_accepted_no_longer() -> None:
    accept(kept("conflicts/drafts_behind_unpaid"), "draft_backlog")
    CaseDecision.objects.update(covers_severe=False)
    again("conflicts/drafts_behind_unpaid", lambda case: None)
    assert only().closing == "worse"


def test_support_may_not_leave_a_payer_locked_out() -> None:
    account = kept("identity/linked_customer_names_another_account")
    assert AccountState.objects.get().details == ["paid_but_blocked"]
    assert accept(account, group="support").code == "forbidden"
    assert accept(account, group="finance").decision_id
    assert only().covers_severe


def test_support_accepts_what_is_lenient() -> None:
    assert accept(kept("drift/flagged_but_paid"), group="support").decision_id


def test_what_is_accepted_is_approved_by_nobody() -> None:
    account = kept(LENIENT)
    accept(account)
    assert approve(account) == (False, "accepted")
    refused = AuditEntry.objects.filter(action="repair.refused").latest("seq").after["why"]
    assert refused == (
        f"The difference is accepted until {NEXT_MONTH} by ada: “called the bank”. End the acceptance first."
    )
    end_decision(only().id, actor="user:eve", groups=["finance"], reason="paid", now=NOW)
    assert approve(account) == (True, "")


def test_what_is_accepted_is_not_repaired_automatically() -> None:
    account = kept(LENIENT)
    for name in NAMES:
        set_class_mode(name, "auto", actor="user:root", reason="watched", now=NOW)
    accept(account)
    assert repair_automatically(now=NOW) == Automatic()
    end_decision(only().id, actor="user:ada", groups=["finance"], reason="paid", now=NOW)
    assert repair_automatically(now=NOW) == Automatic(approved=1)


def test_the_day_brings_it_back() -> None:
    accept(kept(LENIENT))
    until = datetime.combine(NEXT_MONTH, time(), UTC)
    assert end_acceptances(now=until - timedelta(seconds=1)) == 0
    assert queued(until - timedelta(seconds=1)) == []
    assert (end_acceptances(now=until), end_acceptances(now=until)) == (1, 0)
    assert queued(until) == ["acc_1"]
    assert Dirty.objects.get().causes[0]["kind"] == "timer"
    assert (only().ended_at, only().ended_by) == (until, "task:calendar")
    assert AuditEntry.objects.latest("seq").action == "case.ended"


def test_what_is_accepted_leaves_the_queue_and_not_the_headlines() -> None:
    account = kept(LENIENT)
    before = headlines()
    accept(account)
    assert headlines() == before
    assert queued(NOW) == []
    assert queued(NOW, accepted=Accepted.ONLY) == queued(NOW, accepted=Accepted.TOO) == [account]


@pytest.mark.parametrize(
    ("group", "reason", "code"), [("support", "r", "forbidden"), ("finance", " ", "empty"), ("finance", "r", "")]
)
def test_who_may_not_decide_may_not_end_it(group: str, reason: str, code: str) -> None:
    decide(kept(CONFLICT), "fact_conflict", "store_is_right:stripe")
    ended = end_decision(only().id, actor="user:eve", groups=[group], reason=reason, now=NOW)
    assert (ended.code, only().ended_at) == (code, None if code else NOW)
    assert Dirty.objects.exists() is not bool(code)


def test_it_ends_once() -> None:
    accept(kept(LENIENT))
    ends = [end_decision(only().id, actor="user:e", groups=["admin"], reason="r", now=NOW).code for _ in range(2)]
    assert ends == ["", "gone"]

"""The foot of the account page: what may be approved, why not, and every answer to the form."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from recon.actions.pause_applies import pause_applies, resume_applies
from recon.actions.set_class_mode import set_class_mode
from recon.models import Apply, ApplyState, AuditEntry, Mode
from tests.inspector.conftest import person_of
from tests.support.kept import golden, keep_case
from tests.support.repairs import VOID, plan_of, repair_in, send

Keep = Callable[..., str]
Browser = Callable[[str], Client]
LENIENT = "payments/paid_after_suspension"
SEVERE = "drift/never_dunned"
HTMX = {"HX-Request": "true"}


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


@pytest.fixture
def resumed(db: None) -> Iterator[None]:
    """Whoever pauses applies for a test lets them go on after it."""
    yield
    resume_applies(actor="user:admin", reason="the test is over", now=timezone.now())


def test_foot_says_how_much_goes_where_and_how_severe(support: Client, keep: Keep) -> None:
    foot = support.get(f"/accounts/{keep(LENIENT)}/").context["foot"]
    assert (foot.what, foot.risk.code, foot.form.why_not) == ("17 writes", "lenient", "")
    assert foot.stores == "subs_dunning, cf_prod, billing_prod, subs_account, subs_customer, Stripe"


def test_each_rendering_has_a_key_of_its_own(support: Client, keep: Keep) -> None:
    url = f"/accounts/{keep(LENIENT)}/"
    keys = {support.get(url).context["foot"].form.request_key for _ in range(3)}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("disputes/won", "Nothing to approve: every derived value is the true one."),
        ("reads/stripe_failed", "approved. Stripe could not be read"),
        ("identity/withheld_plan_is_all_or_nothing", "withheld"),
    ],
)
def test_foot_says_why_nothing_can_be_approved(support: Client, keep: Keep, case: str, said: str) -> None:
    foot = support.get(f"/accounts/{keep(case)}/").context["foot"]
    assert foot.form is None
    assert said in foot.nothing


def test_button_that_one_may_not_press_is_disabled_with_the_reason(logged_in: Browser, keep: Keep) -> None:
    answer = logged_in("support").get(f"/accounts/{keep(SEVERE)}/")
    assert "approved by" in answer.context["foot"].form.why_not
    assert 'type="submit" disabled aria-describedby="plan-why"' in text_of(answer)


def test_foot_names_who_paused_all_applies_and_why(support: Client, keep: Keep, resumed: None) -> None:
    account = keep(LENIENT)
    pause_applies(actor="user:admin", reason="billing_prod moves house", now=timezone.now())
    why_not = support.get(f"/accounts/{account}/").context["foot"].form.why_not
    assert "admin stopped them" in why_not
    assert "billing_prod moves house" in why_not


def test_admin_may_apply_in_an_emergency_though_all_are_paused(logged_in: Browser, keep: Keep, resumed: None) -> None:
    account, admin = keep(LENIENT), logged_in("admin")
    pause_applies(actor="user:admin", reason="billing_prod moves house", now=timezone.now())
    form = admin.get(f"/accounts/{account}/").context["foot"].form
    assert form.why_not == ""
    assert "billing_prod moves house" in form.override
    assert send(admin, account).status_code == 409
    assert send(admin, account, override="on").status_code == 303


def test_nobody_else_overrides_a_pause_by_crafting_the_form(logged_in: Browser, keep: Keep, resumed: None) -> None:
    account = keep(LENIENT)
    pause_applies(actor="user:admin", reason="billing_prod moves house", now=timezone.now())
    assert send(logged_in("finance"), account, override="on").status_code == 409
    assert Apply.objects.count() == 0


def test_class_that_is_only_observed_is_not_approved(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    set_class_mode("entitlement_drift", Mode.OBSERVE, actor="user:admin", reason="we watch first", now=timezone.now())
    assert "only observed" in support.get(f"/accounts/{account}/").context["foot"].form.why_not
    answer = send(support, account)
    assert (answer.status_code, Apply.objects.count()) == (409, 0)
    assert "only observed" in answer.context["page"].sentence


def test_reason_typed_when_the_session_had_ended_is_kept(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    support.logout()
    answer = send(support, account, reason="as on the phone")
    assert answer["Location"].startswith("/login/")
    support.force_login(person_of("support"))
    assert support.get(f"/accounts/{account}/").context["foot"].form.reason == "as on the phone"
    assert Apply.objects.count() == 0


def test_live_repair_stands_in_place_of_the_foot(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    apply = repair_in(ApplyState.PREPARING)
    answer = support.get(f"/accounts/{account}/")
    foot = answer.context["foot"]
    assert (foot.form, foot.live.id) == (None, str(apply.id))
    assert f'hx-get="/repairs/{apply.id}/?seen={foot.live.seen}"' in text_of(answer)
    assert support.get(f"/repairs/{apply.id}/?seen={foot.live.seen}", headers=HTMX).status_code == 204


def test_repair_that_ended_is_named_under_the_form(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    repair_in(ApplyState.DONE, closed_at=timezone.now())
    assert support.get(f"/accounts/{account}/").context["foot"].last.word.text == "Applied"


def test_approval_leads_to_its_repair(support: Client, keep: Keep) -> None:
    answer = send(support, keep(LENIENT))
    apply = Apply.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/repairs/{apply.id}/")
    assert (apply.state, apply.approved_by, apply.reason) == (ApplyState.APPROVED, "user:support", "paid by wire")


def test_the_same_form_sent_twice_is_one_repair(support: Client, keep: Keep) -> None:
    account, key = keep(LENIENT), str(uuid4())
    first, second = (send(support, account, request_key=key) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Apply.objects.count() == 1


def test_another_form_while_one_is_live_is_told_of_it(logged_in: Browser, keep: Keep) -> None:
    account = keep(LENIENT)
    send(logged_in("support"), account)
    answer = send(logged_in("finance"), account, reason="me too")
    page = answer.context["page"]
    assert answer.status_code == 409
    assert page.live.id == str(Apply.objects.get().id)
    assert page.reason == "me too"


@pytest.mark.parametrize("reason", ["", "  \r\n\t ", "\x00"])
def test_reason_left_out_is_asked_for_beside_its_field(support: Client, keep: Keep, reason: str) -> None:
    answer = send(support, keep(LENIENT), reason=reason)
    assert answer.status_code == 422
    assert "Say why" in answer.context["foot"].form.reason_error
    assert 'aria-describedby="plan-reason-error"' in text_of(answer)
    assert Apply.objects.count() == 0


def test_reason_too_long_is_kept_and_said_so(support: Client, keep: Keep) -> None:
    answer = send(support, keep(LENIENT), reason="x" * 501)
    form = answer.context["foot"].form
    assert (answer.status_code, form.reason) == (422, "x" * 501)
    assert "501 characters" in form.reason_error


def test_reason_of_the_greatest_length_with_line_ends_is_taken(support: Client, keep: Keep) -> None:
    assert send(support, keep(LENIENT), reason="a\r\n" * 250).status_code == 303


def test_stale_digest_shows_both_plans_and_asks_again(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    seen = plan_of(account).digest
    case = golden(LENIENT)
    case["now"] = "2027-01-01T00:00:00Z"
    case["stores"]["cf_prod"]["blocks"] = []
    case["stores"]["subs_customer"]["customers"][0]["row_version"] = 77
    keep_case(case)
    answer = send(support, account, digest=seen, reason="as on the phone")
    page = answer.context["page"]
    assert answer.status_code == 409
    assert {write.code for write in page.comparison.differences} == {"removed"}
    assert page.comparison.same_words == "16 writes as approved"
    assert "no longer needed" in page.comparison.summary
    assert (page.form.reason, page.form.digest) == ("as on the phone", plan_of(account).digest)
    assert Apply.objects.count() == 0


@pytest.mark.parametrize("digest", ["", "0" * 64, "' or 1=1 --", "\x00", "x" * 100_000])
def test_forged_digest_is_not_applied(support: Client, keep: Keep, digest: str) -> None:
    answer = send(support, keep(LENIENT), digest=digest)
    page = answer.context["page"]
    assert (answer.status_code, page.comparison) == (409, None)
    assert "No evaluation of this account" in page.sentence
    assert Apply.objects.count() == 0


def test_digest_of_another_account_tells_nothing_of_it(support: Client, keep: Keep) -> None:
    keep(LENIENT, account_id="acc_2")
    answer = send(support, keep(LENIENT), digest=plan_of("acc_2").digest)
    assert (answer.status_code, answer.context["page"].comparison) == (409, None)
    assert "acc_2" not in text_of(answer)


def test_role_without_the_right_is_refused_and_recorded(logged_in: Browser, keep: Keep) -> None:
    answer = send(logged_in("support"), keep(SEVERE))
    assert answer.status_code == 403
    assert "approved by finance or admin" in text_of(answer)
    tried = AuditEntry.objects.latest("seq")
    assert (tried.action, tried.actor, tried.after["code"]) == ("repair.refused", "user:support", "forbidden")


def test_viewer_cannot_approve_by_crafting_the_form(logged_in: Browser, keep: Keep) -> None:
    assert send(logged_in("viewer"), keep(LENIENT)).status_code == 403
    assert Apply.objects.count() == 0


def test_paused_applies_keep_the_reason(support: Client, keep: Keep, resumed: None) -> None:
    account = keep(LENIENT)
    pause_applies(actor="user:admin", reason="billing_prod moves house", now=timezone.now())
    answer = send(support, account)
    page = answer.context["page"]
    assert (answer.status_code, page.form.reason) == (409, "paid by wire")
    assert "billing_prod moves house" in page.sentence


def test_unknown_verdict_applies_nothing_and_names_the_store(support: Client, keep: Keep) -> None:
    answer = send(support, keep("reads/stripe_failed"))
    page = answer.context["page"]
    assert (answer.status_code, page.form) == (409, None)
    assert "Stripe could not be read" in page.now


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("identity/orphan_without_account_row", "The account has no row in subs_account.accounts."),
        ("reads/stripe_failed", "Stripe could not be read (HTTP 500)."),
    ],
)
def test_what_keeps_a_verdict_from_being_known_is_said_in_sentences(
    support: Client, keep: Keep, case: str, why: str
) -> None:
    foot = support.get(f"/accounts/{keep(case)}/").context["foot"]
    assert foot.nothing == f"Nothing can be approved. {why} Re-read to try again."


def test_nothing_to_write_is_said(support: Client, keep: Keep) -> None:
    answer = send(support, keep("disputes/won"))
    assert (answer.status_code, answer.context["page"].form) == (409, None)


def test_account_that_nobody_knows_has_nothing_to_approve(support: Client) -> None:
    form = {"digest": "0" * 64, "request_key": "k", "reason": "why"}
    assert support.post("/accounts/acc_none/apply/", form).status_code == 404


def test_form_without_its_token_is_refused(keep: Keep) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person_of("support"))
    assert send(client, keep(LENIENT)).status_code == 403
    assert Apply.objects.count() == 0


def test_address_of_the_form_is_no_link(support: Client, keep: Keep) -> None:
    answer = support.get(f"/accounts/{keep(LENIENT)}/apply/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert 'href="/accounts/acc_1/">Open the page anew' in answer.content.decode()


def test_proposal_says_what_stripe_does_and_that_it_is_final(logged_in: Browser, keep: Keep) -> None:
    [card] = logged_in("finance").get(f"/accounts/{keep('proposals/void_in_stripe')}/").context["foot"].proposals
    assert (card.verb, card.object, card.form.asks_for) == ("invoices.void_invoice", "in_1", "in_1")
    assert card.way_back == "Final: a void invoice can never be opened again."
    assert card.with_it.startswith("Applied together with the plan above")


def test_proposal_with_a_way_back_asks_for_no_id(logged_in: Browser, keep: Keep) -> None:
    account = keep("proposals/mark_uncollectible")
    [card] = logged_in("finance").get(f"/accounts/{account}/").context["foot"].proposals
    assert (card.is_final, card.form.asks_for) == (False, "")
    answer = send(logged_in("finance"), account, proposal=f"{card.verb}:{card.object}")
    assert answer.status_code == 303


def test_support_sees_the_proposal_disabled_with_the_reason(support: Client, keep: Keep) -> None:
    [card] = support.get(f"/accounts/{keep('proposals/void_in_stripe')}/").context["foot"].proposals
    assert "A proposal to Stripe is approved by finance or admin" in card.form.why_not


def test_support_cannot_approve_a_proposal_by_crafting_the_form(support: Client, keep: Keep) -> None:
    answer = send(support, keep("proposals/void_in_stripe"), proposal=VOID, object_id="in_1")
    assert answer.status_code == 403
    assert Apply.objects.count() == 0


@pytest.mark.parametrize("typed", ["", "in_2", "IN_1", "in_1x"])
def test_final_proposal_asks_for_the_exact_id(logged_in: Browser, keep: Keep, typed: str) -> None:
    answer = send(logged_in("finance"), keep("proposals/void_in_stripe"), proposal=VOID, object_id=typed)
    foot = answer.context["foot"]
    assert answer.status_code == 422
    assert "Type in_1 exactly" in foot.proposals[0].form.object_error
    assert (foot.proposals[0].form.reason, foot.form.reason if foot.form else "") == ("paid by wire", "")
    assert Apply.objects.count() == 0


def test_final_proposal_with_its_id_is_approved(logged_in: Browser, keep: Keep) -> None:
    answer = send(logged_in("finance"), keep("proposals/void_in_stripe"), proposal=VOID, object_id="in_1")
    assert answer.status_code == 303
    assert Apply.objects.get().proposal == VOID


@pytest.mark.parametrize("proposal", ["invoices.void_invoice:in_9", "charges.refund:ch_1", "nonsense", ":", "x" * 5000])
def test_proposal_that_the_plan_does_not_make_is_refused(logged_in: Browser, keep: Keep, proposal: str) -> None:
    object_id = proposal[:320].partition(":")[2]
    answer = send(logged_in("finance"), keep(LENIENT), proposal=proposal, object_id=object_id)
    assert (answer.status_code, answer.context["page"].form) == (409, None)
    assert Apply.objects.count() == 0

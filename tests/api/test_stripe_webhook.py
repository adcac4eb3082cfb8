"""Stripe's webhooks: what is believed, what is refused, and that a refusal writes nothing and repeats nothing."""

import json

import pytest
from django.db import connection
from django.test import Client

from recon.models import Dirty, Inbox, InboxFinding, InboxMark
from tests.api.conftest import NEXT_SECRET, WEBHOOK, event, post, signed

pytestmark = pytest.mark.django_db

CANARY = "canary@example.test"


def test_an_event_is_kept_and_its_account_marked(linked):
    linked("acc_1", "cus_1")
    assert post(event()).json() == {"received": True}
    kept, mark = Inbox.objects.get(), InboxMark.objects.get()
    assert (kept.event_id, kept.type, kept.object_id, kept.refs) == ("evt_1", "invoice.paid", "in_1", ["cus_1", "in_1"])
    assert (kept.status, mark.event_id, mark.account_id, mark.gen) == ("routed", kept.id, "acc_1", 1)
    assert Dirty.objects.get().account == "acc_1"


def test_it_takes_one_statement(linked, django_assert_num_queries):
    linked("acc_1", "cus_1")
    with django_assert_num_queries(1):
        post(event())


def test_a_duplicate_is_acknowledged_and_marks_nothing(linked):
    linked("acc_1", "cus_1")
    answers = [post(event(pending_webhooks=left)).status_code for left in (3, 2, 1)]
    assert answers == [200, 200, 200]
    assert (Inbox.objects.count(), Dirty.objects.get().gen, InboxFinding.objects.count()) == (1, 1, 0)


def test_an_id_that_comes_again_with_another_body_is_a_finding_and_the_first_stays(linked):
    linked("acc_1", "cus_1")
    post(event())
    for _ in range(2):
        assert post(event(type="invoice.voided")).status_code == 200
    finding = InboxFinding.objects.get()
    assert (finding.kind, finding.event.type, Dirty.objects.get().gen) == ("other_body", "invoice.paid", 1)


@pytest.mark.parametrize("secret", ["whsec_first", NEXT_SECRET])
def test_both_secrets_are_believed_while_one_replaces_the_other(secret):
    body = json.dumps(event())
    assert post(body, signed(body, secret=secret)).status_code == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "wrong_signature"),
        ("junk", "wrong_signature"),
        ("t=1,v0=" + "0" * 64, "wrong_signature"),
        ("t=1,v1=é", "wrong_signature"),
        ("t=x,v1=" + "0" * 64, "wrong_signature"),
        ("t=1" + ",v1=0" * 9_999, "wrong_signature"),
    ],
)
def test_what_is_not_signed_is_refused(header, code):
    answer = post(event(), header)
    assert (answer.status_code, answer.json()["code"], Inbox.objects.count()) == (400, code, 0)


def test_a_changed_body_is_refused():
    body = json.dumps(event())
    assert post(body.replace("cus_1", "cus_2"), signed(body)).json()["code"] == "wrong_signature"


@pytest.mark.parametrize(("age", "status"), [(-290, 200), (290, 200), (310, 400), (-310, 400), (-31_536_000, 400)])
def test_a_signature_holds_for_five_minutes_before_and_after(age, status):
    body = json.dumps(event())
    answer = post(body, signed(body, age=age))
    assert (answer.status_code, Inbox.objects.count()) == (status, int(status == 200))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "not_an_event"),
        ("{", "not_an_event"),
        ("[]", "not_an_event"),
        ('"text"', "not_an_event"),
        ("1" * 5_000, "not_an_event"),
        ("[" * 2_000 + "]" * 2_000, "not_an_event"),
        ('{"a":' * 2_000 + "1" + "}" * 2_000, "not_an_event"),
        (json.dumps(event("evt 1")), "not_an_event"),
        (json.dumps(event(type=None)), "not_an_event"),
        (json.dumps(event(livemode="no")), "not_an_event"),
    ],
)
def test_what_is_signed_and_no_event_is_refused(body, code):
    answer = post(body)
    assert (answer.status_code, answer.json()["code"], Inbox.objects.count()) == (400, code, 0)


def test_a_body_that_is_no_utf8_is_refused():
    answer = Client().generic("POST", WEBHOOK, b"\xff\xfe", headers={"stripe-signature": "t=1,v1=0"})
    assert (answer.status_code, answer.json()["code"]) == (400, "not_utf8")


def test_a_body_over_the_limit_is_refused(settings):
    settings.WEBHOOK_MOST_BYTES = 1_000
    answer = post(event(padding="x" * 1_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_event_of_the_other_mode_is_refused_and_told(caplog):
    answer = post(event(livemode=True))
    assert (answer.status_code, answer.json()["code"], Inbox.objects.count()) == (400, "wrong_mode", 0)
    assert "other mode" in caplog.text


def test_without_a_secret_nothing_is_accepted(settings):
    settings.STRIPE_WEBHOOK_SECRETS = ()
    assert post(event()).status_code == 503


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options", "patch"])
def test_it_listens_to_post_alone(method):
    answer = getattr(Client(), method)(WEBHOOK)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("broken", [{"id": CANARY}, {"type": f"{CANARY} x"}, {"livemode": CANARY}, {"livemode": True}])
def test_a_refusal_repeats_nothing_of_the_body(broken, caplog):
    answer = post(event(**{"about": CANARY, **broken}))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert CANARY not in answer.content.decode() + caplog.text


def test_what_cannot_be_stored_is_to_be_sent_again(caplog):
    with connection.cursor() as cursor:
        cursor.execute("alter table inbox rename to elsewhere")
    answer = post(event(about=CANARY))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert CANARY not in answer.content.decode()


def test_an_unknown_type_about_nobody_is_kept_and_ignored():
    post(event(type="some.news", data={"object": {"object": "balance"}}))
    assert (Inbox.objects.get().status, Dirty.objects.count()) == ("ignored", 0)


def test_an_event_about_nobody_we_know_waits():
    post(event())
    kept = Inbox.objects.get()
    assert (kept.status, kept.next_at, Dirty.objects.count()) == ("unrouted", kept.received_at, 0)


def test_a_customer_of_two_accounts_marks_both_and_is_a_finding(linked):
    linked("acc_1", "cus_1")
    linked("acc_2", "cus_1")
    post(event())
    assert sorted(Dirty.objects.values_list("account", flat=True)) == ["acc_1", "acc_2"]
    finding = InboxFinding.objects.get()
    assert (finding.kind, finding.detail) == ("two_accounts", {"accounts": ["acc_1", "acc_2"]})


def test_a_customer_of_a_merged_account_is_no_finding(linked):
    linked("acc_1", "cus_1", "acc_2")
    linked("acc_2", "cus_1")
    post(event())
    assert (Dirty.objects.count(), InboxFinding.objects.count()) == (2, 0)


def test_strange_text_is_kept_as_far_as_it_can_be(linked):
    linked("acc_1", "cus_1")
    body = json.dumps(event(about="\ud800 \x00", number=float("inf"), small=1e-400))
    assert post(body).status_code == 200
    assert (Inbox.objects.get().body["about"], Inbox.objects.get().body["number"]) == ("? \ufffd", "inf")


@pytest.mark.parametrize("created", [10**30, -(10**30), "soon", None, [], 1e9])
def test_a_time_that_is_none_is_left_out(created):
    assert post(event(created=created)).status_code == 200
    assert Inbox.objects.get().occurred_at is None


THIN = {
    "id": "evt_test_1",
    "object": "v2.core.event",
    "type": "v1.customer.updated",
    "created": "2026-03-20T12:00:00.000Z",
    "livemode": False,
    "context": None,
    "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"},
}


def test_a_thin_event_marks_whom_it_names(linked):
    linked("acc_1", "cus_1")
    post(THIN)
    kept = Inbox.objects.get()
    assert (kept.status, kept.object_id, kept.occurred_at.isoformat()) == (
        "routed",
        "cus_1",
        "2026-03-20T12:00:00+00:00",
    )


@pytest.mark.parametrize("place", ["account", "context"])
def test_an_event_of_a_connected_account_marks_nothing_unless_it_is_ours(linked, settings, place):
    linked("acc_1", "cus_1")
    post(event("evt_1", **{place: "acct_9"}))
    settings.STRIPE_CONNECTED_ACCOUNTS = ["acct_9"]
    post(event("evt_2", **{place: "acct_9"}))
    assert list(Inbox.objects.order_by("id").values_list("status", flat=True)) == ["ignored", "routed"]
    assert Dirty.objects.get().gen == 1


def test_a_host_that_is_not_ours_is_refused():
    assert post(event(), HTTP_HOST="evil.example").status_code == 400
    assert Inbox.objects.count() == 0


def test_the_headers_that_hold_a_browser_back_are_there():
    headers = post(event()).headers
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_neither_session_nor_form_token_is_asked_or_given():
    body = json.dumps(event())
    client = Client(enforce_csrf_checks=True)
    answer = client.post(WEBHOOK, body, content_type="application/json", headers={"stripe-signature": signed(body)})
    assert (answer.status_code, dict(answer.cookies)) == (200, {})

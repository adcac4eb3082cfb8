"""Who may do what: every address × method × person, and every right × role, against tables that say it again.

An address that has no row here fails, and so does one whose page does not say what it asks for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from inspector import access
from inspector.access import ANY_LOGIN, OPEN, SIGNED, Permission, need_of
from recon.actions import authority
from recon.actions.authority import HOLDERS, Right
from tests.inspector.conftest import person_of
from tests.support.clients import one_of_many

Browser = Callable[[str], Client]
METHODS = ("get", "head", "put", "patch", "delete", "options", "post")  # a post may end the session: it comes last
PEOPLE = ("anonymous", "stranger", "viewer", "support", "finance", "admin")  # a stranger's login is in no group
READ = {"get": 200, "head": 200}
NO_TOKEN = dict.fromkeys(METHODS, 401)  # a login opens nothing there; tests/api/test_token_access.py has the tokens


@dataclass(frozen=True)
class Row:
    """What an address answers to those who may; `known`, to people who are logged in already. Unnamed methods: 405."""

    address: str
    need: str
    answers: dict[str, int] = field(default_factory=lambda: READ)
    known: dict[str, int] | None = None


ROWS = {
    "home": Row("/", Right.LOOK),
    "search": Row("/search/?q=x", Right.LOOK, READ | {"post": 200}),
    "accounts": Row("/accounts/", Right.LOOK),
    "accounts_csv": Row("/accounts.csv", Right.WORK),
    "account": Row("/accounts/acc_1/", Right.LOOK),
    "claim": Row("/accounts/acc_1/claim/", Right.WORK, {"post": 302}),
    "release_account": Row("/accounts/acc_1/release/", Right.WORK, {"post": 302}),
    "snooze": Row("/accounts/acc_1/snooze/", Right.WORK, {"post": 422}),
    "wake": Row("/accounts/acc_1/wake/", Right.WORK, {"post": 302}),
    "decide_case": Row("/accounts/acc_1/decide/", Right.DECIDE, {"post": 422}),
    "cases": Row("/cases/", Right.LOOK),
    "cases_csv": Row("/cases.csv", Right.WORK),
    "end_case": Row("/cases/999999999/end/", Right.DECIDE, {"post": 302}),
    "convergence": Row("/accounts/acc_1/convergence/", Right.LOOK, READ | {"post": 200}),
    "recompute": Row("/accounts/acc_1/recompute/", Right.LOOK, {"post": 302}),
    "approve": Row("/accounts/acc_1/apply/", Right.LOOK, {"post": 422}),
    "add_note": Row("/accounts/acc_1/notes/", Right.NOTE, {"post": 422}),
    "repair": Row("/repairs/00000000-0000-0000-0000-000000000000/", Right.LOOK, {"get": 404, "head": 404}),
    "undo": Row("/repairs/00000000-0000-0000-0000-000000000000/undo/", Right.LOOK, {"post": 404}),
    "next_account": Row("/queue/next/", Right.WORK, {"post": 302}),
    "save_filter": Row("/queue/filters/", Right.LOOK, {"post": 302}),
    "forget_filter": Row("/queue/filters/999999999/forget/", Right.LOOK, {"post": 302}),
    "bulk_repairs": Row("/bulk/", Right.LOOK),
    "begin_bulk": Row("/bulk/begin/", Right.START_SMALL_BULK, {"post": 422}),
    "begin_proposals": Row("/bulk/proposals/begin/", Right.START_BULK, {"post": 422}),
    "bulk_repair": Row("/bulk/999999999/", Right.LOOK, {"get": 404, "head": 404}),
    "bulk_csv": Row("/bulk/999999999/outcomes.csv", Right.LOOK, {"get": 404, "head": 404}),
    "steer_bulk": Row("/bulk/999999999/pause/", Right.START_SMALL_BULK, {"post": 404}),
    "audit": Row("/audit/", Right.AUDIT_OWN),
    "audit_csv": Row("/audit.csv", Right.AUDIT_OWN),
    "audit_entry": Row("/audit/999999999/", Right.AUDIT_OWN, {"get": 404, "head": 404}),
    "look_ups": Row("/audit/look-ups/", Right.AUDIT_OWN),
    "failed": Row("/failed/", Right.LOOK),
    "replay_failed": Row("/failed/replay/", Right.REPLAY, {"post": 422}),
    "ignore_failed": Row("/failed/ignore/", Right.IGNORE, {"post": 422}),
    "event": Row("/events/999999999/", Right.LOOK, {"get": 404, "head": 404}),
    "replay_event": Row("/events/999999999/replay/", Right.REPLAY, {"post": 404}),
    "ignore_event": Row("/events/999999999/ignore/", Right.IGNORE, {"post": 404}),
    "relapses": Row("/relapses/", Right.LOOK),
    "rollout": Row("/rollout/", Right.ROLLOUT),
    "release_relapses": Row("/relapses/release/", Right.RELEASE, {"post": 422}),
    "policy": Row("/policy/", Right.LOOK),
    "set_mode": Row("/policy/mode/", Right.GOVERN, {"post": 422}),
    "change_policy": Row("/policy/change/", Right.GOVERN, READ | {"post": 422}),
    "policy_version": Row("/policy/versions/1/", Right.LOOK, {"get": 404, "head": 404}),
    "steer_policy": Row("/policy/versions/1/withdraw/", Right.GOVERN, {"post": 404}),
    "close_breaker": Row("/policy/breaker/", Right.GOVERN, {"post": 422}),
    "tokens": Row("/tokens/", Right.GOVERN),
    "make_token": Row("/tokens/make/", Right.GOVERN, {"post": 422}),
    "revoke_token": Row("/tokens/999999999/revoke/", Right.GOVERN, {"post": 422}),
    "status": Row("/status/", Right.LOOK),
    "check_now": Row("/status/check/", Right.LOOK, {"post": 302}),
    "pause": Row("/status/pause/", Right.GOVERN, {"post": 400}),
    "login": Row("/login/", OPEN, READ | {"post": 200, "options": 200}, dict.fromkeys(METHODS, 302)),
    "openid_begin": Row("/login/openid/", OPEN, {"get": 404, "head": 404}),
    "openid_return": Row("/login/openid/return/", OPEN, {"get": 404, "head": 404}),
    "logout": Row("/logout/", ANY_LOGIN, {"post": 302, "options": 200}),
    "password": Row("/password/", ANY_LOGIN, READ | {"post": 200, "options": 200}),
    "password_done": Row("/password/done/", ANY_LOGIN),
    "keys": Row("/keys/", ANY_LOGIN),
    "healthz": Row("/healthz", OPEN),
    "metrics": Row("/metrics", SIGNED, {"get": 401, "head": 401}),
    "readyz": Row("/readyz", OPEN),
    "api_docs": Row("/api/docs/", Right.LOOK),
    "api_schema": Row("/api/schema/", SIGNED, {"get": 401, "head": 401}, READ),
    "api_accounts": Row("/api/v1/accounts/", SIGNED, NO_TOKEN),
    "api_account": Row("/api/v1/accounts/acc_1/", SIGNED, NO_TOKEN),
    "api_stores": Row("/api/v1/accounts/acc_1/stores/", SIGNED, NO_TOKEN),
    "api_timeline": Row("/api/v1/accounts/acc_1/timeline/", SIGNED, NO_TOKEN),
    "api_drift": Row("/api/v1/drift/", SIGNED, NO_TOKEN),
    "api_drift_history": Row("/api/v1/drift/history/", SIGNED, NO_TOKEN),
    "api_audit": Row("/api/v1/audit/", SIGNED, NO_TOKEN),
    "api_entitlement": Row("/api/v1/accounts/acc_1/entitlement/", SIGNED, NO_TOKEN),
    "api_bulk_repairs": Row("/api/v1/bulk-repairs/", SIGNED, NO_TOKEN),
    "api_bulk_repair": Row("/api/v1/bulk-repairs/999999999/", SIGNED, NO_TOKEN),
    "api_bulk_outcomes": Row("/api/v1/bulk-repairs/999999999/outcomes/", SIGNED, NO_TOKEN),
    "api_bulk_approve": Row("/api/v1/bulk-repairs/999999999/approve/", SIGNED, NO_TOKEN),
    "api_bulk_pause": Row("/api/v1/bulk-repairs/999999999/pause/", SIGNED, NO_TOKEN),
    "api_bulk_resume": Row("/api/v1/bulk-repairs/999999999/resume/", SIGNED, NO_TOKEN),
    "api_bulk_cancel": Row("/api/v1/bulk-repairs/999999999/cancel/", SIGNED, NO_TOKEN),
    "api_recompute": Row("/api/v1/accounts/acc_1/recompute/", SIGNED, NO_TOKEN),
    "api_apply": Row("/api/v1/accounts/acc_1/apply/", SIGNED, NO_TOKEN),
    "api_repair": Row("/api/v1/repairs/00000000-0000-0000-0000-000000000000/", SIGNED, NO_TOKEN),
    "events": Row("/api/v1/events/", SIGNED, {"get": 401, "head": 401}),
    "stripe_webhook": Row("/api/v1/webhooks/stripe/", SIGNED, {"post": 400}),
    "store_events": Row("/api/v1/store-events/", SIGNED, {"post": 401}),
}


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        else:
            yield one


PATTERNS = {str(one.name): one for one in patterns()}


def expected(row: Row, person: str, method: str) -> int | str:
    if row.need in {OPEN, SIGNED}:
        answers = row.answers if person == "anonymous" or row.known is None else row.known
        return answers.get(method, 405)
    if person == "anonymous":
        return "to the login"
    if row.need != ANY_LOGIN and person not in HOLDERS[Right(row.need)]:
        return "refused"
    return row.answers.get(method, 405)


def seen(client: Client, row: Row, person: str, method: str) -> int | str:
    answer = getattr(client, method)(row.address)
    if answer.get("Location", "").startswith("/login/?next="):
        return "to the login"
    lacks = row.need not in {OPEN, SIGNED, ANY_LOGIN} and person not in HOLDERS[Right(row.need)]
    return "refused" if lacks and answer.status_code in {403, 405} else answer.status_code


def browser_of(person: str) -> Client:
    client = one_of_many()
    if person == "stranger":
        client.force_login(User.objects.get_or_create(username="stranger")[0])
    elif person != "anonymous":
        client.force_login(person_of(person))
    return client


def test_every_address_has_a_row() -> None:
    assert PATTERNS.keys() == ROWS.keys()


@pytest.mark.parametrize("name", PATTERNS)
def test_every_page_says_what_it_asks_for(name: str) -> None:
    assert need_of(PATTERNS[name].callback) == ROWS[name].need


@pytest.mark.parametrize("name", ROWS)
def test_address_against_method_and_person(keep: Callable[..., str], name: str) -> None:
    keep("drift/flagged_but_paid", account_id="acc_1")
    row = ROWS[name]
    cases = [(person, method) for person in PEOPLE for method in METHODS]
    browsers = {person: browser_of(person) for person in PEOPLE}
    assert {case: seen(browsers[case[0]], row, *case) for case in cases} == {
        case: expected(row, *case) for case in cases
    }


RIGHTS = {  # product's table of roles, said again
    Right.LOOK: "viewer support finance admin",
    Right.NOTE: "support finance admin",
    Right.APPROVE_LENIENT: "support finance admin",
    Right.APPROVE_SEVERE: "finance admin",
    Right.START_SMALL_BULK: "support finance admin",
    Right.START_BULK: "finance admin",
    Right.SECOND_BULK: "finance admin",
    Right.GOVERN: "admin",
    Right.REPLAY: "support finance admin",
    Right.IGNORE: "finance admin",
    Right.BODIES: "finance admin",
    Right.RELEASE: "finance admin",
    Right.WORK: "support finance admin",
    Right.DECIDE: "support finance admin",
    Right.DECIDE_FACTS: "finance admin",
    Right.AUDIT_OWN: "viewer support finance admin",
    Right.AUDIT_ALL: "support finance admin",
    Right.LOOK_UPS_ALL: "finance admin",
    Right.ROLLOUT: "support finance admin",
}


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """`person("support", "viewer")` is in those groups."""

    def make(*groups: str) -> User:
        made = User.objects.create(username="-".join(groups) or "stranger")
        made.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
        return made

    return make


@pytest.mark.parametrize("right", list(Right))
def test_right_against_role(person: Callable[..., User], right: Right) -> None:
    people = {role: person(role) for role in authority.ROLES}
    assert {role for role, one in people.items() if access.may(one, right).allowed} == set(RIGHTS[right].split())
    assert all(bool(access.may(one, right).why_not) is not access.may(one, right).allowed for one in people.values())


def test_roles_add_up(person: Callable[..., User]) -> None:
    assert access.may(person("viewer", "finance"), Right.APPROVE_SEVERE) == Permission(True)


def test_what_one_may_not_do_is_said_in_words(person: Callable[..., User]) -> None:
    support = person("support")
    assert access.may_apply(support, "severe") == Permission(
        False, "A severe plan is approved by finance or admin. You are in: support."
    )
    assert access.may_apply(support, None) == Permission(False, "There is nothing to apply.")
    assert access.may_propose(support).why_not.startswith("A proposal to Stripe is approved by finance or admin.")
    assert access.may_govern(support).why_not == (
        "Policy, tokens and the freeze are changed by admin. You are in: support."
    )
    assert access.may_look(person()).why_not == (
        "Your login is in none of the groups viewer, support, finance and admin: ask an admin for one."
    )
    assert not access.may_look(AnonymousUser()).allowed


@pytest.mark.parametrize(
    ("role", "accounts", "any_severe", "allowed"),
    [
        ("viewer", 1, False, False),
        ("support", 25, False, True),
        ("support", 26, False, False),
        ("support", 1, True, False),
        ("finance", 5_000, True, True),
        ("admin", 5_000, True, True),
    ],
)
def test_who_starts_a_bulk_repair(
    person: Callable[..., User], role: str, accounts: int, any_severe: bool, allowed: bool
) -> None:
    assert access.may_start_bulk(person(role), accounts=accounts, any_severe=any_severe).allowed is allowed


def test_a_second_person_is_asked_above_the_limits() -> None:
    assert [
        authority.needs_second(accounts=n, any_severe=severe) for n, severe in [(100, False), (101, False), (1, True)]
    ] == [
        False,
        True,
        True,
    ]


def test_nobody_approves_what_one_started(person: Callable[..., User]) -> None:
    finance = person("finance")
    assert access.may_second_bulk(finance, starter="admin").allowed
    assert access.may_second_bulk(finance, starter="finance").why_not.startswith("You started it")
    assert not access.may_second_bulk(person("support"), starter="admin").allowed


@pytest.mark.parametrize(
    ("role", "risk", "allowed"),
    [
        ("viewer", "lenient", False),
        ("support", "lenient", True),
        ("viewer", "severe", False),
        ("support", "severe", False),
        ("finance", "severe", True),
        ("admin", "severe", True),
    ],
)
def test_role_against_risk(logged_in: Browser, keep: Callable[..., str], role: str, risk: str, allowed: bool) -> None:
    account = keep({"lenient": "payments/paid_after_suspension", "severe": "drift/never_dunned"}[risk])
    page = logged_in(role).get(f"/accounts/{account}/").context["page"]
    assert page.plan.risk.code == risk
    assert page.permission.allowed is allowed
    assert bool(page.permission.why_not) is not allowed


@pytest.mark.django_db
def test_recompute_asks_for_the_form_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person_of("support"))
    assert client.post("/accounts/acc_1/recompute/").status_code == 403

"""Which token opens what: every address of the API × method × token, from the URL configuration.

An address of the API that has no row here fails.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pytest
from django.test import Client

from inspector.api.urls import urlpatterns
from recon.actors import Scope
from tests.inspector.test_access import METHODS
from tests.support.clients import one_of_many
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer, token_of

NOTHING: Final = "00000000-0000-0000-0000-000000000000"
PAST: Final = datetime(2026, 1, 2, tzinfo=UTC)
NO_ENTRY: Final = {
    "nobody": one_of_many,
    "a wrong secret": lambda: _with(token_of("read")[:-1] + "x"),
    "a wrong prefix": lambda: _with("recon_" + "0" * 12 + "_" + "s" * 43),
    "no token's form": lambda: _with("\xe9 drop table"),
    "expired": lambda: bearer(*Scope, name="expired", expires_at=PAST),
    "revoked": lambda: bearer(*Scope, name="revoked", revoked_at=PAST, revoke_reason="lost"),
}


@dataclass(frozen=True)
class Row:
    """The scope that each method asks for, and what it answers, with an empty body, to a token that has it."""

    address: str
    methods: dict[str, tuple[Scope, int]]


ROWS: Final = {
    "api_accounts": Row("/api/v1/accounts/", {"get": (Scope.READ, 200), "head": (Scope.READ, 200)}),
    "api_account": Row("/api/v1/accounts/acc_2/", {"get": (Scope.READ, 404), "head": (Scope.READ, 404)}),
    "api_stores": Row("/api/v1/accounts/acc_2/stores/", {"get": (Scope.READ, 404), "head": (Scope.READ, 404)}),
    "api_timeline": Row("/api/v1/accounts/acc_2/timeline/", {"get": (Scope.READ, 404), "head": (Scope.READ, 404)}),
    "api_drift": Row("/api/v1/drift/", {"get": (Scope.READ, 200), "head": (Scope.READ, 200)}),
    "api_drift_history": Row("/api/v1/drift/history/", {"get": (Scope.READ, 200), "head": (Scope.READ, 200)}),
    "api_audit": Row("/api/v1/audit/", {"get": (Scope.AUDIT, 200), "head": (Scope.AUDIT, 200)}),
    "api_entitlement": Row(
        "/api/v1/accounts/acc_1/entitlement/", {"get": (Scope.READ, 200), "head": (Scope.READ, 200)}
    ),
    "api_recompute": Row("/api/v1/accounts/acc_2/recompute/", {"post": (Scope.READ, 404)}),
    "api_apply": Row("/api/v1/accounts/acc_1/apply/", {"post": (Scope.REPAIR, 400)}),
    "api_bulk_repairs": Row("/api/v1/bulk-repairs/", {"post": (Scope.BULK, 400)}),
    "api_bulk_repair": Row("/api/v1/bulk-repairs/999999999/", {"get": (Scope.READ, 404), "head": (Scope.READ, 404)}),
    "api_bulk_outcomes": Row(
        "/api/v1/bulk-repairs/999999999/outcomes/", {"get": (Scope.READ, 404), "head": (Scope.READ, 404)}
    ),
    "api_bulk_approve": Row("/api/v1/bulk-repairs/999999999/approve/", {"post": (Scope.BULK, 400)}),
    "api_bulk_pause": Row("/api/v1/bulk-repairs/999999999/pause/", {"post": (Scope.BULK, 400)}),
    "api_bulk_resume": Row("/api/v1/bulk-repairs/999999999/resume/", {"post": (Scope.BULK, 400)}),
    "api_bulk_cancel": Row("/api/v1/bulk-repairs/999999999/cancel/", {"post": (Scope.BULK, 400)}),
    "api_repair": Row(f"/api/v1/repairs/{NOTHING}/", {"get": (Scope.READ, 404), "head": (Scope.READ, 404)}),
}
BY_SECRET: Final = {"events", "stripe_webhook", "store_events"}  # by others than tokens too: tests of their own


def test_every_address_of_the_api_has_a_row() -> None:
    assert {str(one.name) for one in urlpatterns} == ROWS.keys() | BY_SECRET


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.django_db
def test_address_against_method_and_scope(name: str) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    row = ROWS[name]
    cases = [(scope, method) for scope in Scope for method in METHODS]
    assert {case: _status(bearer(case[0]), row, case[1]) for case in cases} == {
        case: _expected(row, *case) for case in cases
    }


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.django_db
def test_whoever_has_no_token_in_force_is_told_nothing(name: str) -> None:
    answers = [getattr(make(), method)(ROWS[name].address) for make in NO_ENTRY.values() for method in METHODS]
    assert {(answer.status_code, answer["WWW-Authenticate"]) for answer in answers} == {(401, "Bearer")}
    assert len({answer.content for answer in answers if answer.request["REQUEST_METHOD"] != "HEAD"}) == 1


def _expected(row: Row, scope: Scope, method: str) -> int:
    if method not in row.methods:
        return 405
    needed, status = row.methods[method]
    return status if needed is scope else 403


def _status(client: Client, row: Row, method: str) -> int:
    body = {"data": {}, "content_type": "application/json"} if method == "post" else {}
    return int(getattr(client, method)(row.address, **body).status_code)


def _with(token: str) -> Client:
    return one_of_many(headers={"authorization": f"Bearer {token}"})

"""Whatever a program asks for wrongly, wherever below /api/: it is refused by a problem that it can read."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.api.conftest import STORE_EVENTS, WEBHOOK
from tests.support.tokens import bearer, token_of

pytestmark = pytest.mark.django_db

DRIFT = "/api/v1/drift/"
FEED = "/api/v1/events/"
TOO_MANY = urlencode([(f"a{number}", number) for number in range(1_001)])


def problem(answer: Any) -> tuple[int, str]:
    """Its status and code, the same in the answer and in its body."""
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("address", ["/api/", "/api/v1", "/api/v1/", "/api/v2/accounts/", "/api/v1/drift", "/api/x"])
def test_an_address_that_is_none(address: str) -> None:
    assert problem(Client().get(address)) == (404, "not_found")


@pytest.mark.parametrize("address", [DRIFT, FEED, "/api/v1/audit/"])
def test_more_parameters_than_anybody_reads(address: str) -> None:
    assert problem(bearer("read", "audit").get(f"{address}?{TOO_MANY}")) == (400, "not_understood")


@pytest.mark.parametrize("address", [DRIFT, FEED, "/api/v1/nothing/"])
def test_a_host_that_is_not_ours(address: str) -> None:
    assert problem(bearer("read").get(address, headers={"host": "evil.example"})) == (400, "not_understood")


@pytest.mark.parametrize("address", [DRIFT, FEED, "/api/v1/accounts/acc_1/entitlement/"])
def test_an_answer_that_is_not_json(address: str) -> None:
    assert problem(bearer("read").get(address, headers={"accept": "text/html"})) == (406, "json_only")


@pytest.mark.parametrize("address", ["/api/v1/bulk-repairs/", WEBHOOK, STORE_EVENTS])
def test_a_body_whose_length_is_not_said(address: str) -> None:
    secret = "ledger-new" if address == STORE_EVENTS else token_of("bulk")
    headers = {"authorization": f"Bearer {secret}", "transfer-encoding": "chunked"}
    answer = Client().generic("POST", address, headers=headers, CONTENT_LENGTH="")
    assert problem(answer) == (411, "no_length")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_scheme_of_a_token_is_known_however_it_is_spelt(scheme: str) -> None:
    answer = Client().get(DRIFT, headers={"authorization": f"{scheme} {token_of('read')}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Token {}", "{}", "Bearerx {}"])
def test_another_scheme_opens_nothing(given: str) -> None:
    answer = Client().get(DRIFT, headers={"authorization": given.format(token_of("read"))})
    assert problem(answer) == (401, "not_authenticated")

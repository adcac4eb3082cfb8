"""One id for all that a request does."""

import logging
import uuid

import pytest
from django.test import Client

from inspector.request_id import current_request_id
from recon.log_lines import RequestIdFilter


def given(request_id: str) -> str:
    return Client().get("/healthz", headers={"X-Request-ID": request_id}).headers["X-Request-ID"]


def test_a_sane_id_is_taken_over() -> None:
    assert given("proxy-1_A") == "proxy-1_A"


@pytest.mark.parametrize("text", ["", "a b", "x" * 65, "<script>", "a\tb", "é", "a;b"])
def test_any_other_is_replaced(text: str) -> None:
    made = given(text)
    assert made != text
    assert str(uuid.UUID(made)) == made


def test_each_request_has_its_own() -> None:
    assert given("") != given("")


def test_outside_a_request_there_is_none() -> None:
    given("proxy-1")
    record = logging.LogRecord("recon", logging.INFO, "", 1, "text", None, None)
    assert RequestIdFilter().filter(record)
    assert (current_request_id(), record.request_id) == ("", "-")


@pytest.mark.django_db
def test_the_page_of_an_error_names_it(support: Client) -> None:
    answer = support.get("/accounts/acc_none/", headers={"X-Request-ID": "find-me-1"})
    assert answer.status_code == 404
    assert "find-me-1" in answer.content.decode()

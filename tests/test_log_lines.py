"""Lines for programs: one JSON object each, with the ids of the work under way and nothing that a library adds."""

import json
import logging
from typing import Any

import pytest

from recon.log_lines import JsonLines, RequestIdFilter
from recon.under_way import current_request_id, known, under_way

MOMENT = 1_800_000_000.123


def line_of(**made_of: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"created": MOMENT, "name": "recon.x", "levelname": "INFO", "msg": "a", **made_of})
    RequestIdFilter().filter(record)
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


BARE = {"time": "2027-01-15T08:00:00.123Z", "level": "INFO", "logger": "recon.x", "message": "a"}


def test_a_line_is_one_object_with_what_our_code_says_besides() -> None:
    assert line_of(msg="%s\nb", args=("a",), accounts=3, why=["x"]) == BARE | {
        "message": "a\nb",
        "accounts": 3,
        "why": ["x"],
    }


def test_what_a_library_adds_is_left_out() -> None:
    """Django's lines hold the request, Celery's the arguments, the database's the parameters."""
    assert line_of(name="django.request", params=["jane"]) == BARE | {"logger": "django.request"}


def test_a_line_after_the_answer_still_has_the_requests_id() -> None:
    request = type("Request", (), {"request_id": "r-1"})()
    assert line_of(name="django.request", request=request)["request_id"] == "r-1"


def test_a_traceback_is_part_of_its_line() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        told = line_of(exc_info=(ValueError, error, error.__traceback__))
    assert told.pop("exception").splitlines()[-1] == "ValueError: no"
    assert told == BARE


def test_every_line_has_the_ids_of_the_work_under_way() -> None:
    with known(request_id="r-1", task=""), under_way("repair", account_id="acc_1", repair_id=""):
        assert current_request_id() == "r-1"
        assert line_of() == BARE | {"request_id": "r-1", "account_id": "acc_1"}
    assert (line_of(), current_request_id()) == (BARE, "")


def test_the_end_of_work_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "recon.under_way")
    with under_way("repair", account_id="acc_1") as work:
        work.say(outcome="applied", name="whatever a record has itself")
    with pytest.raises(KeyError), under_way("repair"):
        raise KeyError("jane@example.com")
    told = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert [(one["message"], one.get("outcome"), one.get("error"), one.get("account_id")) for one in told] == [
        ("repair", "applied", None, None),
        ("repair", None, "KeyError", None),
    ]
    assert all(one["ms"] >= 0 for one in told)

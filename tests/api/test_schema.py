"""The schema: every call is in it, its examples are what it says, and it can be had by whoever may call."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client

from inspector.api.described import CALLS, PREFIX
from inspector.api.urls import urlpatterns
from inspector.schema import schema
from tests.inspector.conftest import person_of
from tests.support.tokens import bearer


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema()["paths"].items():
        for method, call in methods.items():
            yield f"{method.upper()} {path}", call


def shown() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Where, by which schema, and what: every example of a body, a parameter and an answer."""
    for name, call in calls():
        for one in call["parameters"]:
            if "example" in one:
                yield f"{name} {one['name']}", one["schema"], one["example"]
        told = {"body": call.get("requestBody", {})} | call["responses"]
        for status, one in told.items():
            for content in one.get("content", {}).values():
                for word, example in content.get("examples", {}).items():
                    yield f"{name} {status} {word}", content["schema"], example["value"]


@pytest.mark.django_db
def test_the_schema_is_one_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out)
    assert json.loads(out.getvalue())["openapi"] == "3.1.0"


def test_every_address_of_the_api_is_in_the_schema() -> None:
    ours = {re_path(str(one.pattern)) for one in urlpatterns}
    assert {f"{PREFIX}{path}" for path in ours} == schema()["paths"].keys()


def re_path(pattern: str) -> str:
    """`accounts/<str:account_id>/` as the schema writes it."""
    parts = pattern.split("<")
    return parts[0] + "".join("{" + part.split(":", 1)[1].replace(">", "}", 1) for part in parts[1:])


def test_every_call_has_a_name_of_its_own_and_says_what_it_is_refused_with() -> None:
    names = [call["operationId"] for _, call in calls()]
    assert len(set(names)) == len(names)
    assert {name for name, call in calls() if not {"401", "503"} <= call["responses"].keys()} <= {
        "POST /api/v1/webhooks/stripe/"
    }
    assert {f"{method} {PREFIX}{path}" for path, method in CALLS} <= {name for name, _ in calls()}


def test_every_example_is_what_its_schema_says() -> None:
    components = {"components": schema()["components"]}
    wrong = {}
    for where, of, example in shown():
        checker = jsonschema.Draft202012Validator({**of, **components})
        wrong |= {f"{where}: {error.json_path}": error.message for error in checker.iter_errors(example)}
    assert wrong == {}


@pytest.mark.django_db
def test_whoever_may_call_may_read_the_schema() -> None:
    assert Client().get("/api/schema/").json()["code"] == "not_authenticated"
    answer = bearer("bulk").get("/api/schema/")
    assert (answer.json(), answer["Content-Type"]) == (schema(), "application/vnd.oai.openapi+json;version=3.1")
    assert bearer("bulk").get("/api/schema/", headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.django_db
def test_the_page_shows_every_call() -> None:
    person = Client()
    person.force_login(person_of("viewer"))
    page = person.get("/api/docs/").content.decode()
    assert [call["operationId"] for _, call in calls() if f"<code>{call['operationId']}</code>" not in page] == []

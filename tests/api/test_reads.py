"""What programs read: accounts, answers, stores, timelines, the drift and the audit."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from recon.apply.record import Entry, record
from recon.models import LookUp
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer

pytestmark = pytest.mark.django_db
ACCOUNTS = "/api/v1/accounts/"
ACCOUNT = f"{ACCOUNTS}acc_1/"


@pytest.fixture
def reader() -> Client:
    return bearer("read", "audit", name="crm")


@pytest.fixture
def kept() -> dict[str, Any]:
    case = golden("drift/never_dunned")
    keep_case(case, account_id="acc_1")
    return case


def pages(client: Client, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while url:
        page = client.get(url).json()
        found += page["results"]
        url = page["next"]
    return found


def test_an_account_is_the_answer_of_explain_and_when_each_store_was_read(
    reader: Client, kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(kept).replace(f'"{kept["account_id"]}"', '"acc_1"')
    said = reader.get(ACCOUNT).json()
    read = {"ok": True, "as_of": kept["now"], "reason": None}
    assert said == explained(text, monkeypatch) | {
        "evaluated_at": kept["now"],
        "reads": dict.fromkeys(kept["stores"], read),
    }
    assert [(one.actor, one.account_id, one.by) for one in LookUp.objects.all()] == [
        ("token:crm", "acc_1", "api_account")
    ]


def explained(text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    out = StringIO()
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": [text.encode()]})())
    call_command("explain", "-", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def test_the_list_has_every_account_once_and_each_filter_leaves_its_own(reader: Client) -> None:
    for name in ("drift/never_dunned", "drift/flagged_but_paid"):
        for number in range(3):
            keep_case(golden(name), account_id=f"{name[6:9]}%_{number}?")
    every = pages(reader, ACCOUNTS + "?page_size=4")
    assert [one["account_id"] for one in every] == sorted(f"{of}%_{n}?" for of in ("nev", "fla") for n in range(3))
    [currency] = {currency for one in every for currency in one["owed"]}
    for query, left in (
        (f"state={every[-1]['state']}", [one for one in every if one["state"] == every[-1]["state"]]),
        (f"class={every[0]['classes'][0]}", [one for one in every if every[0]["classes"][0] in one["classes"]]),
        (f"currency={currency}&min_owed=100", [one for one in every if one["owed"].get(currency, 0) >= 100]),
    ):
        assert pages(reader, f"{ACCOUNTS}?{query}&page_size=2") == left
    assert not LookUp.objects.exists()
    assert pages(reader, f"{ACCOUNTS}?q=fla%25_1%3F") == [every[1]]
    assert [(one.account_id, one.by) for one in LookUp.objects.all()] == [("fla%_1?", "api_search")]


def test_stores_are_told_row_by_row(reader: Client, kept: dict[str, Any]) -> None:
    said = reader.get(f"{ACCOUNT}stores/").json()
    assert set(said["stores"]) == set(kept["stores"])
    store = said["stores"]["subs_account"]
    [row] = store["tables"].pop("accounts")
    assert store == {"ok": True, "reason": "", "since": kept["now"], "as_of": kept["now"], "tables": {}}
    assert (row["account_id"], row["status"]) == ("acc_1", "open")


def test_the_timeline_is_the_same_in_small_pages_as_in_one(reader: Client, kept: dict[str, Any]) -> None:
    every = pages(reader, f"{ACCOUNT}timeline/?page_size=200")
    assert pages(reader, f"{ACCOUNT}timeline/?page_size=1") == every
    assert {one["kind"] for one in every} >= {"stores", "events"}
    assert {one["kind"] for one in pages(reader, f"{ACCOUNT}timeline/?kinds=events,notes")} == {"events"}


def test_the_drift_is_what_the_terminal_says(reader: Client, kept: dict[str, Any]) -> None:
    out = StringIO()
    call_command("drift", "--json", stdout=out)
    assert reader.get("/api/v1/drift/").json() == json.loads(out.getvalue())
    course = reader.get("/api/v1/drift/history/?over=1h").json()
    assert (course["window"], len(course["measures"]["stuck_in_bad_debt"]["points"])) == ("1h", 30)


def test_the_audit_is_told_entry_by_entry(reader: Client) -> None:
    for number in range(3):
        seq = record(Entry(actor="user:ada", action="repair.refused", account="acc_1", reason=f"wire {number}"), [])
    newest = pages(reader, "/api/v1/audit/?actor=ada&action=troubled&page_size=2")
    assert [one["reason"] for one in newest] == ["wire 2", "wire 1", "wire 0"]
    assert {name: value for name, value in newest[0].items() if name != "at"} == {
        "seq": seq,
        "actor": "user:ada",
        "action": "repair.refused",
        "account_id": "acc_1",
        "reason": "wire 2",
        "request_id": "",
        "repair_id": None,
        "before": None,
        "after": None,
    }
    assert bearer("read").get("/api/v1/audit/").json()["code"] == "scope"


def test_who_has_an_answer_already_is_told_that_it_holds(reader: Client, kept: dict[str, Any]) -> None:
    first = reader.get(ACCOUNT)
    assert (first["Cache-Control"], first["Vary"]) == ("private, no-cache", "Authorization")
    for known in (first["ETag"], f'"other", W/{first["ETag"]}', "*"):
        again = reader.get(ACCOUNT, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert reader.get(ACCOUNT, headers={"If-None-Match": '"other"'}).status_code == 200
    assert reader.get(f"{ACCOUNT}?fields=drift")["ETag"] != first["ETag"]


def test_only_the_fields_that_are_asked_for_are_told(reader: Client, kept: dict[str, Any]) -> None:
    assert list(reader.get(f"{ACCOUNT}?fields=drift,verdict").json()) == ["verdict", "drift"]
    assert reader.get("/api/v1/accounts/?fields=account_id,state").json() == {
        "results": [{"account_id": "acc_1", "state": reader.get(ACCOUNT).json()["truth"]["state"]}],
        "next": None,
    }


@pytest.mark.parametrize(
    ("url", "parameter"),
    [
        ("/api/v1/accounts/?stat=clear", "stat"),
        ("/api/v1/accounts/?<script>=1", ""),
        ("/api/v1/accounts/?state=broke", "state"),
        ("/api/v1/accounts/?state=clear&state=grace", "state"),
        ("/api/v1/accounts/?class=", "class"),
        ("/api/v1/accounts/?page_size=201", "page_size"),
        ("/api/v1/accounts/?page_size=-1", "page_size"),
        ("/api/v1/accounts/?page_size=1e2", "page_size"),
        ("/api/v1/accounts/?cursor=%00", "cursor"),
        ("/api/v1/accounts/?cursor=AA", "cursor"),
        ("/api/v1/accounts/?min_owed=5", "currency"),
        ("/api/v1/accounts/?currency=EUR", "currency"),
        ("/api/v1/accounts/?q=%00", "q"),
        (f"{ACCOUNT}?fields=truth,secret", "fields"),
        (f"{ACCOUNT}?fields=truth,truth", "fields"),
        (f"{ACCOUNT}timeline/?cursor=YWNjXzE", "cursor"),
        (f"{ACCOUNT}timeline/?kinds=all", "kinds"),
        ("/api/v1/drift/history/?over=1y", "over"),
        ("/api/v1/audit/?cursor=YWNjXzE", "cursor"),
        ("/api/v1/audit/?from=2026-02-30", "from"),
        ("/api/v1/audit/?apply=1", "apply"),
    ],
)
def test_a_parameter_that_is_not_ours_is_refused_by_its_name(
    reader: Client, kept: dict[str, Any], url: str, parameter: str
) -> None:
    answer = reader.get(url)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [one["parameter"] for one in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    "account_id", ["acc_2", "%00", "..", "a%2Fb", "%F0%9F%92%B8", "x" * 3_000, "%22%27%3B--", "%FF"]
)
@pytest.mark.parametrize("below", ["", "stores/", "timeline/"])
def test_who_nobody_knows_is_answered_alike(reader: Client, account_id: str, below: str) -> None:
    answer = reader.get(f"/api/v1/accounts/{account_id}/{below}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing here.",
    }
    assert not LookUp.objects.exists()

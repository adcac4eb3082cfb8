"""Accounts by their ids, and the latest answer about each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from recon.engine.explain import explain
from recon.models import AccountState
from recon.queries import accounts as queries
from recon.queries.accounts import AccountsFilter, accounts_page
from recon.queries.answers import latest_answer
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db

SAID = (
    "drift/flagged_but_paid",
    "drift/never_dunned",
    "payments/paid_after_suspension",
    "reads/failed_read",
    "proposals/void_in_stripe",
)


def explained(case: dict[str, Any]) -> dict[str, Any]:
    [one] = explain([json.dumps(case).encode()])
    said: dict[str, Any] = json.loads(json.dumps(one.answer))
    return said


def walked(wanted: AccountsFilter, limit: int = 2) -> Iterator[str]:
    after: str | None = ""
    while after is not None:
        page = accounts_page(wanted, after=after, limit=limit)
        yield from (line.account_id for line in page.lines)
        after = page.next


@pytest.mark.parametrize("name", SAID)
def test_the_latest_answer_is_the_engines_own(name: str) -> None:
    case = golden(name)
    keep_case(case)
    said: dict[str, Any] = latest_answer(case["account_id"]) or {}
    reads = said.pop("reads")
    assert said.pop("evaluated_at") == case["now"]
    assert said == explained(case)
    assert {store: read["ok"] for store, read in reads.items() if not read["ok"]} == (
        {"cf_prod": False} if name == "reads/failed_read" else {}
    )


def test_what_was_never_evaluated_has_no_answer() -> None:
    assert latest_answer("acc_nobody") is None


def test_every_account_comes_once_by_its_id_and_each_filter_leaves_its_own() -> None:
    for name in ("drift/flagged_but_paid", "drift/never_dunned", "payments/paid_after_suspension"):
        for number in range(3):
            keep_case(golden(name), account_id=f"{name[-4:]}_{number}")
    every = list(walked(AccountsFilter()))
    assert every == sorted(every)
    assert len(every) == 9
    rows = {row.account_id: row for row in AccountState.objects.all()}
    for wanted, holds in (
        (AccountsFilter(state="clear"), lambda row: row.state == "clear"),
        (AccountsFilter(of_class="entitlement_drift"), lambda row: "entitlement_drift" in row.classes),
        (AccountsFilter(currency="eur"), lambda row: row.owed.get("eur", 0) >= 1),
        (AccountsFilter(currency="eur", least_minor=10**9), lambda row: False),
        (AccountsFilter(among=("paid_1", every[0])), lambda row: row.account_id in {"paid_1", every[0]}),
    ):
        assert list(walked(wanted)) == [id for id in every if holds(rows[id])]


def test_a_page_that_looked_at_enough_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LOOKED_AT", 2)
    for number in range(3):
        keep_case(golden("drift/flagged_but_paid"), account_id=f"acc_{number}")
    page = accounts_page(AccountsFilter(of_class="entitlement_drift"), limit=10)
    assert (page.lines, page.next) == ((), "acc_1")


def test_every_walk_is_along_an_index() -> None:
    row = AccountState.objects.get(account_id=keep_case(golden("drift/never_dunned"), account_id="acc_0"))
    row.state = "clear"
    AccountState.objects.bulk_create(
        AccountState(**{**{f.attname: getattr(row, f.attname) for f in row._meta.fields}, "account_id": f"acc_{n}"})
        for n in range(1, 1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("analyze account_state")
        for wanted in (
            AccountsFilter(),
            AccountsFilter(state="clear"),
            AccountsFilter(of_class="bad_debt_drift"),
            AccountsFilter(currency="eur"),
        ):
            sql = "explain (format json) " + queries.WALK.format(base=queries._base(wanted))
            cursor.execute(sql, queries._values(wanted) | {"after": "acc_5", "looked_at": 50})
            assert "Seq Scan" not in json.dumps(cursor.fetchone()[0])

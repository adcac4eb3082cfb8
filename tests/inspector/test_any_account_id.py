"""Account ids are the stores' own text: whatever stands in one, its account is listed, opened and answered."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client

from tests.support.tokens import bearer

pytestmark = pytest.mark.django_db

FLAGGED = "drift/flagged_but_paid"
IDS = ("eu/4711", "eu/4711/", "/", " ", "a//b", "%2F", "?#&;", "kunde ü 💸", "two\nlines", "<b>", "x" * 1_000)


@pytest.mark.parametrize("account_id", IDS)
def test_an_account_is_listed_and_opened_whatever_it_is_called(
    support: Client, keep: Callable[..., str], account_id: str
) -> None:
    keep(FLAGGED, account_id=account_id)
    [line] = support.get("/accounts/").context["view"].lines
    opened = support.get(line.href)
    assert opened.context["page"].account_id == account_id
    assert support.post(f"{line.href}claim/")["Location"] == line.href


@pytest.mark.parametrize("form", ["recompute", "claim", "apply", "notes", "convergence"])
def test_an_id_that_no_database_holds_is_nobodys(support: Client, form: str) -> None:
    assert support.post(f"/accounts/%00/{form}/", {"reason": "x", "text": "x"}).status_code == 404


@pytest.mark.parametrize("account_id", [*IDS, ""])
def test_a_program_asks_for_it_by_its_quoted_id(keep: Callable[..., str], account_id: str) -> None:
    keep(FLAGGED, account_id=account_id)
    reader = bearer("read", name="crm")
    address = f"/api/v1/accounts/{quote(account_id, safe='')}/"
    told = [reader.get(f"{address}{below}").json()["account_id"] for below in ("", "stores/", "entitlement/")]
    assert told == [account_id] * 3

"""Whatever stands in a column of a store or of ours is text: on every page, and in every cell of every file."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat
from django.test import Client

from inspector.display.csv import inert
from recon.models import AuditEntry
from tests.browser.population import populate
from tests.inspector.test_access import ROWS
from tests.security.hostile import MARKUP, Markup, stories
from tests.support.kept import golden, keep_case

# What people or other systems wrote; the rest are ids, and words of ours.
FREE = frozenset(
    {
        *("reason", "second_reason", "end_reason", "stop_reason", "release_reason", "revoke_reason", "stopped"),
        *("text", "note", "purpose", "explanation", "waiting_for", "last_error", "other", "event_id", "object_id"),
        *("request_id", "query"),
    }
)


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def test_every_text_of_every_store_is_inert_on_its_accounts_page(logged_in: Callable[[str], Client]) -> None:
    admin, runs, seen = logged_in("admin"), {}, 0
    for number, case in enumerate(stories()):
        account = keep_case(case, account_id=f"acc_hostile_{number}")
        page = shown(admin, f"/accounts/{account}/?facts=all&cell=cf_prod.entitlements.plan_active")
        runs[account], seen = Markup(page).found, seen + ("&lt;x-hostile" in page)
    assert {account: found for account, found in runs.items() if found} == {}
    assert seen > 30


def poison_our_own() -> int:
    """Every free text column of ours; how many of them held something."""
    count = 0
    for model in apps.get_app_config("recon").get_models():
        for field in model._meta.concrete_fields:
            if field.name in FREE and type(field) is TextField and model is not AuditEntry:
                rows = model._default_manager.exclude(**{field.name: ""})
                count += bool(rows.update(**{field.name: Concat(F(field.name), Value(MARKUP))}))
    return count


@pytest.mark.django_db
def test_every_text_of_ours_is_inert_on_every_page(logged_in: Callable[[str], Client]) -> None:
    keep_case(golden("payments/paid_after_suspension"), account_id="acc_1")
    ids = populate()
    assert poison_our_own() > 10
    admin = logged_in("admin")
    pages = [row.address for row in ROWS.values() if row.answers.get("get") == 200 and ".csv" not in row.address]
    pages.remove("/login/")  # leads who is in already to the home page
    pages += [f"/repairs/{one}/" for name, one in ids.items() if name != "dead"]
    pages += [f"/events/{ids['dead']}/", "/failed/?of=events", "/failed/?of=findings", "/cases/?part=waiting"]
    pages += [
        f"/accounts/{account}/" for account in ("acc_broken", "acc_done", "acc_decided", "acc_undone", "acc_doubt")
    ]
    assert {page: Markup(shown(admin, page)).found for page in pages} == {page: [] for page in pages}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "\t=", "\x00=", "＝"])
def test_a_cell_that_begins_like_a_formula_is_text(start: str) -> None:
    assert inert(f"{start}1+1").startswith("'")
    assert inert(-5) == "-5"


@pytest.mark.parametrize("address", ["/accounts.csv", "/audit.csv", "/cases.csv?part=waiting"])
def test_no_cell_of_any_file_is_a_formula(logged_in: Callable[[str], Client], address: str, keep: Any) -> None:
    keep("drift/flagged_but_paid", account_id="=cmd|' /C calc'!A0")
    admin = logged_in("admin")
    admin.post("/status/pause/", {"reason": "=1+1", "to": "pause"})
    rows = list(csv.reader(shown(admin, address).splitlines()))
    assert rows
    assert [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "@", "\t"))] == []

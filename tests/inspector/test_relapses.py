"""Relapses stand by place with both writers, until a person releases them with a reason; the account says so too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recon.models import Apply, ApplyState, AuditEntry, Relapse

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
Keep = Callable[..., str]
STATE = "subs_dunning.dunning.state"
FLAG = "billing_prod.account_flags.has_debt"
OTHER = "another writer of subs_dunning.dunning, after stripe invoice.paid evt_1"


def relapse(account_id: str = "acc_1", place: str = STATE, **changes: Any) -> Relapse:
    now = timezone.now()
    apply = Apply.objects.create(
        account_id=account_id, digest="d", approved_by="user:ada", reason="r", created_at=now, expires_at=now,
        state=ApplyState.DONE, closed_at=now - timedelta(hours=1),
    )  # fmt: skip
    given = {"at": now, "account_id": account_id, "place": place, "key": account_id, "apply": apply, "other": OTHER}
    return Relapse.objects.create(**{**given, "wrote": "clear", "found": "bad_debt"} | changes)


def page_of(client: Client, query: str = "") -> Any:
    answer = client.get(f"/relapses/?{query}")
    assert answer.status_code == 200
    return answer.context["page"]


def shown(client: Client, query: str = "") -> dict[str, list[str]]:
    return {place.name: [line.account_id for line in place.lines] for place in page_of(client, query).places}


def test_nothing_was_changed_back(support: Client) -> None:
    assert page_of(support).empty == "Nothing was changed back after a repair."


def test_a_relapse_names_both_writers(support: Client) -> None:
    one = relapse()
    [place] = page_of(support).places
    [line] = place.lines
    assert place.summary.startswith("1 relapse of 1 account, the first just now")
    assert (line.wrote, line.found, line.other) == ("clear", "bad_debt", OTHER)
    assert line.ours == "a repair approved by ada, 60 min ago"
    assert line.repair_href == f"/repairs/{one.apply_id}/"


def test_they_stand_by_place_and_can_be_filtered(support: Client) -> None:
    relapse("acc_1")
    relapse("acc_2")
    relapse("acc_2", FLAG)
    assert shown(support) == {STATE: ["acc_2", "acc_1"], FLAG: ["acc_2"]}
    assert shown(support, f"place={FLAG}") == {FLAG: ["acc_2"]}
    assert [place.name for place in page_of(support, f"place={FLAG}").others] == [STATE]
    assert shown(support, "account=acc_1") == {STATE: ["acc_1"]}


def test_ticked_ones_are_released_with_one_reason(logged_in: Browser) -> None:
    finance, first, second = logged_in("finance"), relapse("acc_1"), relapse("acc_2")
    form = {"relapse": [first.id, second.id], "reason": "the old job is off"}
    answer = finance.post(f"/relapses/release/?place={STATE}", form)
    assert answer["Location"] == f"/relapses/?place={STATE}"
    assert "2 released" in finance.get("/relapses/").content.decode()
    entries = AuditEntry.objects.filter(action="relapse.released", actor="user:finance", reason="the old job is off")
    assert {entry.account for entry in entries} == {"acc_1", "acc_2"}
    assert shown(finance) == {}
    [place] = page_of(finance, "of=released").places
    assert place.lines[0].released.startswith("Released by finance")
    finance.post("/relapses/release/", form)
    assert "0 released: they may be written automatically again. 2 had been released before." in (
        finance.get("/relapses/").content.decode()
    )


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("support", 403), ("finance", 302), ("admin", 302)])
def test_who_releases(logged_in: Browser, role: str, status: int) -> None:
    form = {"relapse": relapse().id, "reason": "r"}
    assert logged_in(role).post("/relapses/release/", form).status_code == status


@pytest.mark.parametrize("form", [{"relapse": "1", "reason": " "}, {"reason": "r"}, {"relapse": "x", "reason": "r"}])
def test_a_form_that_is_not_right_changes_nothing(logged_in: Browser, form: dict[str, str]) -> None:
    relapse(id=1)
    answer = logged_in("finance").post("/relapses/release/", form)
    assert (answer.status_code, answer.context["page"].typed.reason) == (422, form["reason"])
    assert Relapse.objects.get().released_at is None


def test_pages_go_by_the_number(support: Client) -> None:
    for number in range(60):
        relapse(f"acc_{number}")
    first = page_of(support)
    second = support.get(first.next_href).context["page"]
    lines = [line.account_id for page in (first, second) for place in page.places for line in place.lines]
    assert lines == [f"acc_{number}" for number in reversed(range(60))]


def test_what_the_stores_said_is_inert(support: Client) -> None:
    relapse("<b>acc</b>", found="<script>alert(1)</script>", wrote=None)
    html = support.get("/relapses/").content.decode()
    assert "<script>alert" not in html
    assert "<b>acc" not in html

"""The rollout page and command: what was seen of each class, and what it may be trusted with."""

import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from recon.engine import rollout as limits
from recon.models import ApplyState, ClassMode, Relapse, ShadowCount, ShadowMark
from recon.queries.measurements import measurements
from recon.queries.rollout import rollout
from recon.settings import BASE_DIR
from tests.support.kept import golden, keep_case
from tests.support.repairs import repair_in

ENTITLEMENT, VALUES = "entitlement_drift", "values"


@pytest.fixture
def seen(db: None) -> None:
    """Ten days of comparing: cf_prod's writers agree 95 times of 100, and of nothing else is anything known."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    ShadowMark.objects.create(upto=1, since=timezone.now() - timedelta(days=10, hours=1))
    ClassMode.objects.create(
        name=ENTITLEMENT, mode="observe", set_by="user:root", reason="at first", set_at=timezone.now()
    )
    counts = [("agreed", 60, 0), ("agreed", 35, 1), ("disagreed", 4, 1), ("old_only", 1, 1), ("truth_moved", 2, 1)]
    for kind, cells, ago in counts:
        day = midnight - timedelta(days=ago)
        ShadowCount.objects.create(day=day, name=ENTITLEMENT, store="cf_prod", kind=kind, cells=cells)
    ShadowCount.objects.create(
        day=midnight - timedelta(days=30), name=ENTITLEMENT, store="cf_prod", kind="disagreed", cells=999
    )


def of(name: str):
    return next(one for one in rollout(now=timezone.now()).classes if one.name == name)


def test_a_class_that_was_watched_long_enough_may_go_on(seen: None, support: Client) -> None:
    page = support.get("/rollout/").content.decode()
    assert "May go from observe to approve.</strong> 95 % of 100 writes by others agree, over 10 days." in page
    assert "Of disagreements that are over: 2 where the facts came round (others were right, or early)." in page
    assert "Not yet from approve to auto.</strong> In approve for 10 of 14 days; 0 of 50 repairs that people" in page


def test_repairs_and_relapses_count_in_the_classes_of_their_cells(seen: None) -> None:
    for number, state in enumerate([ApplyState.DONE, ApplyState.ABORTED, ApplyState.ABORTED]):
        keep_case(golden("payments/paid_after_suspension"), account_id=f"acc_{number}")
        is_stale = number == 1
        repair = repair_in(state, f"acc_{number}", refused=is_stale, code="stale" if is_stale else "")
        if state == ApplyState.DONE:
            cells = [one for one in repair.writes if one["column"] in {"suspended", "level"}]
            Relapse.objects.create(
                at=timezone.now(), account_id="acc_0", place="cf_prod.blocks.level", key="x", apply=repair, other="x"
            )
    assert len(cells) == 2
    entitlement, values = of(ENTITLEMENT).evidence, of(VALUES).evidence
    assert (entitlement.applied, entitlement.refused, entitlement.failed, entitlement.relapsed) == (1, 1, 1, 1)
    assert (values.applied, values.relapsed, of(ENTITLEMENT).accounts) == (1, 0, 3)


def test_the_command_tells_the_same(seen: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("shadow", "--json")
    told = json.loads(capsys.readouterr().out)["classes"][ENTITLEMENT]
    assert (told["mode"], told["advice"], told["total"]["agreement"]) == ("observe", "may go to approve", 0.95)
    assert [day["agreed"] for day in told["days"].values()] == [60, 35]
    assert list(told["stores"]) == ["cf_prod"]
    call_command("shadow", "--days", "40")
    assert "  may go to approve: 95 % of 100 writes by others agree, over 10 days" in capsys.readouterr().out


def test_the_policy_page_leads_there_whoever_may_see_it(logged_in) -> None:
    assert 'href="/rollout/"' in logged_in("support").get("/policy/").content.decode()
    assert 'href="/rollout/"' not in logged_in("viewer").get("/policy/").content.decode()


@pytest.mark.parametrize("guide", ["rollout", "stores"])
def test_a_guide_names_no_number_that_there_is_not(db: None, guide: str) -> None:
    told = set(re.findall(r"`(recon_\w+)", (BASE_DIR / "docs" / f"{guide}.md").read_text()))
    assert told - {f"recon_{one.name}" for one in measurements(now=timezone.now())} == set()


def test_the_guide_s_limits_are_those_that_the_page_goes_by() -> None:
    guide = (BASE_DIR / "docs" / "rollout.md").read_text()
    before_approve, before_auto = guide.split("## Observe → approve")[1].split("## Approve → auto")
    to_approve = (
        f"{limits.COMPARED_DAYS} days",
        f"{limits.ENOUGH_WRITES} or more, or {limits.LOOKS_BACK_DAYS} days",
        f"{limits.LEAST_AGREED} % agree",
        f"{limits.LEAST_RIGHT} % of at least {limits.ENOUGH_SETTLED}",
        f"at most {limits.MOST_UNKNOWN} %",
    )
    to_auto = (
        f"{limits.APPROVED_DAYS} days",
        f"{limits.ENOUGH_REPAIRS} or more",
        f"at most {limits.MOST_REFUSED} % of the repairs",
        f"at most {limits.MOST_FAILED} % |",
        f"at most {limits.MOST_RELAPSED} % of the written",
    )
    assert [one for one in to_approve if one not in before_approve] == []
    assert [one for one in to_auto if one not in before_auto] == []

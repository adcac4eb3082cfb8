"""Versions of the policy: drafted, tried out on everybody, made to govern by one admin or two, gone back from."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from recon.actions import equipment
from recon.actions.activate_policy import activate_policy, approve_policy
from recon.actions.dirty import claim, mark_dirty
from recon.actions.draft_policy import draft_policy, preview_again
from recon.actions.policy_settled import PolicyDone
from recon.actions.policy_turn import mark_outdated
from recon.actions.preview_policy import drive_policy_previews, preview_chunk
from recon.actions.revert_policy import revert_policy
from recon.actions.withdraw_policy import withdraw_policy
from recon.models import (
    AccountState,
    AuditEntry,
    Dirty,
    PolicyPreview,
    PolicyPreviewChunk,
    PolicyState,
    PolicyVersion,
    Switch,
)
from recon.queries.policy import in_force, setting_is_unused
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db

CASE = golden("ladder/past_due_at_midnight")
NOW = datetime.fromisoformat(CASE["now"])
ROOT, ADA = "user:root", "user:ada"
WHO: dict[str, Any] = {"groups": ["admin"], "now": NOW}
PRO = {"plans": {"price_pro": "pro"}}
STRICTER = PRO | {"rungs": {"self_serve": {"past_due": 3, "delinquent": 4}}}
LAXER = PRO | {"rungs": {"self_serve": {"past_due": 10}}}


@pytest.fixture(autouse=True)
def _numbers(settings: Any) -> None:
    settings.POLICY = PRO
    for actor in (ROOT, ADA):
        person = User.objects.create(username=actor.removeprefix("user:"))
        person.groups.add(Group.objects.get_or_create(name="admin")[0])


def preview() -> None:
    """As workers do it: every chunk that is handed out, until nothing is under way."""
    while drive_policy_previews(now=NOW):
        for chunk_id in PolicyPreviewChunk.objects.filter(done_at__isnull=True).values_list("id", flat=True):
            preview_chunk(chunk_id, now=NOW)


def drafted(written: dict[str, Any]) -> int:
    done = draft_policy(written, actor=ROOT, **WHO)
    assert done.number is not None, done
    preview()
    return done.number


def activate(number: int, actor: str = ROOT, reason: str = "agreed with finance") -> PolicyDone:
    return activate_policy(number, actor=actor, reason=reason, **WHO)


def states() -> dict[int, str]:
    return dict(PolicyVersion.objects.values_list("number", "state"))


def test_until_somebody_drafts_the_settings_govern_and_nothing_is_kept(settings: Any) -> None:
    settings.POLICY = {"dust_minor": 75}
    assert (in_force().number, in_force().policy.dust_minor) == (1, 75)
    assert not PolicyVersion.objects.exists()


def test_the_first_draft_keeps_what_the_settings_say(settings: Any) -> None:
    drafted(LAXER)
    first = PolicyVersion.objects.get(number=1)
    assert (first.state, first.made_by, first.policy["plans"]) == ("active", "task:settings", PRO["plans"])
    assert not setting_is_unused()
    settings.POLICY = {"dust_minor": 75}
    assert setting_is_unused()
    assert in_force().policy.dust_minor == 50


def test_a_version_that_takes_nothing_governs_at_once_and_every_process_goes_by_it() -> None:
    keep_case(CASE)
    assert activate(drafted(LAXER)) == activate(2) == PolicyDone(number=2)
    assert states() == {1: "superseded", 2: "active"}
    rules = equipment.rules()
    assert (rules.version, rules.policy.self_serve.past_due) == (2, 10)
    entry = AuditEntry.objects.order_by("seq").last()
    assert (entry.action, entry.reason) == ("policy.activated", "agreed with finance")
    assert entry.before == {"version": 1, "numbers": {"rungs.self_serve.past_due": 6}}
    assert (entry.after["numbers"], entry.after["preview"]["lenient"]) == ({"rungs.self_serve.past_due": 10}, 1)


def test_what_makes_somebody_more_severe_waits_for_another_admin() -> None:
    keep_case(CASE)
    number = drafted(STRICTER)
    assert activate(number).code == ""
    assert states()[number] == "waiting_for_second"
    assert approve_policy(number, actor=ROOT, reason="r", **WHO).code == "forbidden"
    assert approve_policy(number, actor=ADA, reason="seen it", groups=["finance"], now=NOW).code == "forbidden"
    assert approve_policy(number, actor=ADA, reason="seen it", **WHO) == PolicyDone(number=number)
    version = PolicyVersion.objects.get(number=number)
    assert (version.state, version.made_by, version.second, version.second_reason) == (
        "active", ROOT, ADA, "seen it",
    )  # fmt: skip
    refused = AuditEntry.objects.filter(action="policy.refused")
    assert [one.after["code"] for one in refused] == ["forbidden", "forbidden"]


def test_what_will_be_more_severe_for_somebody_some_day_waits_too() -> None:
    keep_case(golden("intents/comp_beats_the_subscription"))
    number = drafted(STRICTER)
    assert PolicyPreview.objects.get().result["severe"] == 0
    activate(number)
    assert states()[number] == "waiting_for_second"


def test_nobody_approves_for_somebody_who_may_not_any_more() -> None:
    keep_case(CASE)
    activate(number := drafted(STRICTER))
    User.objects.get(username="root").groups.clear()
    assert approve_policy(number, actor=ADA, reason="seen it", **WHO).code == "state"


def test_a_draft_governs_only_after_a_preview_against_what_governs_now() -> None:
    keep_case(CASE)
    number = draft_policy(LAXER, actor=ROOT, **WHO).number
    assert activate(number).code == "no_preview"
    preview()
    assert activate(number, actor=ADA).code == "forbidden"
    late = WHO | {"now": NOW + timedelta(hours=25)}
    assert activate_policy(number, actor=ROOT, reason="r", **late).code == "old"
    PolicyVersion.objects.filter(number=1).update(state=PolicyState.SUPERSEDED)
    PolicyVersion.objects.create(
        number=99, policy={}, policy_hash="", state="active", made_by=ADA, made_at=NOW, reason="in between"
    )
    assert activate(number).code == "moved"
    preview_again(number, actor=ROOT, **WHO)
    preview()
    assert PolicyPreview.objects.order_by("id").last().against_id == 99
    assert activate(number).code == ""


def test_a_preview_sums_up_what_would_change() -> None:
    for name in ("acc_a", "acc_b"):
        keep_case(CASE, account_id=name)
    keep_case(golden("reads/failed_read"), account_id="acc_unknown")
    keep_case(golden("intents/comp_beats_the_subscription"), account_id="acc_owes_nothing")
    drafted(STRICTER)
    one = PolicyPreview.objects.get()
    assert (one.accounts, one.unknown, one.to_recompute) == (4, 1, 2)
    result = one.result
    assert (result["changed"], result["severe"], result["lenient"], result["unreadable"]) == (2, 2, 0, 0)
    assert result["states"] == {"past_due>delinquent": 2}
    (owed,) = result["owed"].values()
    assert owed == {code: 2 * minor for code, minor in AccountState.objects.get(account_id="acc_a").owed.items()}
    assert result["access"] == {"plan_active": [0, 2], "restricted": [0, 0], "suspended": [0, 0]}
    assert {example["account_id"] for example in result["examples"]} == {"acc_a", "acc_b"}
    assert not PolicyPreviewChunk.objects.exists()


def test_a_chunk_that_is_done_twice_counts_once() -> None:
    keep_case(CASE)
    draft_policy(STRICTER, actor=ROOT, **WHO)
    drive_policy_previews(now=NOW)
    (chunk_id,) = PolicyPreviewChunk.objects.values_list("id", flat=True)
    for _ in range(2):
        preview_chunk(chunk_id, now=NOW)
    assert PolicyPreview.objects.get().result["recomputed"] == 1


def test_a_chunk_that_got_lost_is_handed_out_again() -> None:
    keep_case(CASE)
    draft_policy(STRICTER, actor=ROOT, **WHO)
    drive_policy_previews(now=NOW)
    leases = [PolicyPreviewChunk.objects.get().lease_until]
    for seconds in (30, 90):
        drive_policy_previews(now=NOW + timedelta(seconds=seconds))
        leases.append(PolicyPreviewChunk.objects.get().lease_until)
    assert leases == [NOW + timedelta(seconds=60), NOW + timedelta(seconds=60), NOW + timedelta(seconds=150)]


def test_freshness_alone_touches_nobody() -> None:
    keep_case(CASE)
    number = drafted(PRO | {"freshness_minutes": 30})
    assert (PolicyPreview.objects.get().to_recompute, activate(number).code) == (0, "")
    assert not Dirty.objects.exists()


def test_taking_over_marks_whoever_it_can_touch_at_a_pace_and_fresh_events_go_ahead() -> None:
    for number in range(3):
        keep_case(CASE, account_id=f"acc_{number}")
    keep_case(golden("intents/comp_beats_the_subscription"), account_id="acc_owes_nothing")
    activate(drafted(LAXER))
    due = dict(Dirty.objects.values_list("account", "not_before"))
    assert sorted(due) == ["acc_0", "acc_1", "acc_2"]
    assert due["acc_0"] == NOW < due["acc_1"] < due["acc_2"]
    mark_dirty(["acc_2"], NOW)
    assert {one.account_id for one in claim(now=NOW, limit=10)} == {"acc_0", "acc_2"}
    assert Dirty.objects.get(account="acc_0").causes[0]["kind"] == "policy"


def test_what_was_evaluated_across_a_change_marks_itself() -> None:
    activate(drafted(LAXER))
    mark_outdated({"acc_old": (1, NOW), "acc_new": (2, NOW), "acc_of_no_version": (None, NOW)})
    assert list(Dirty.objects.values_list("account", flat=True)) == ["acc_old"]


def test_a_change_that_is_severe_for_many_stops_automatic_severe_repairs() -> None:
    keep_case(CASE)  # one account of one is more than one in a hundred
    activate(number := drafted(STRICTER))
    approve_policy(number, actor=ADA, reason="seen it", **WHO)
    switch = Switch.objects.get(name=Switch.AUTOMATIC_SEVERE_STOPPED)
    assert switch.is_on
    assert switch.reason.startswith("Version 2 of the policy is more severe for 1 of 1 accounts")


def test_undoing_a_stricter_version_is_one_deed() -> None:
    keep_case(CASE)
    activate(number := drafted(STRICTER))
    approve_policy(number, actor=ADA, reason="seen it", **WHO)
    assert revert_policy(1, actor=ADA, reason="customers called", **WHO) == PolicyDone(number=3)
    version = PolicyVersion.objects.get(number=3)
    assert (version.state, version.reverts_to_id, version.follows_id) == ("active", 1, 2)
    assert in_force().policy.self_serve.past_due == 6


def test_undoing_a_laxer_version_is_tried_out_and_has_two_people() -> None:
    keep_case(CASE)
    activate(drafted(LAXER))
    assert revert_policy(1, actor=ROOT, reason="too lax", **WHO).number == 3
    assert states()[3] == "draft"
    preview()
    activate(3)
    assert states()[3] == "waiting_for_second"
    approve_policy(3, actor=ADA, reason="indeed", **WHO)
    assert states() == {1: "superseded", 2: "superseded", 3: "active"}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ({"rungs": {"self_serve": {"grace": 9}}}, "rungs.self_serve.past_due"),
        ({"rungs": {"contract": {"bad_debt": 10}}}, "rungs.contract.bad_debt"),
        ({"rungs": {"contract": {"grace": 0}}}, "rungs.contract.grace"),
        ({"dust_minor": {"EURO": 3}}, "dust_minor.EURO"),
        ({"dust_minor": 10**9}, "dust_minor"),
        ({"freshness_minutes": 0}, "freshness_minutes"),
        ({"plans": {"price 1": "pro"}}, "plans.price 1"),
        ({"in_flight_max_days": "ten"}, "in_flight_max_days"),
    ],
)
def test_nonsense_is_refused_where_it_stands(written: dict[str, Any], path: str) -> None:
    done = draft_policy(written, actor=ROOT, **WHO)
    assert (done.code, done.problems[0].path) == ("nonsense", path)
    assert not PolicyVersion.objects.exists()


def test_who_may_not_govern_changes_nothing() -> None:
    done = draft_policy(LAXER, actor="user:fin", groups=["finance"], now=NOW)
    assert (done.code, states(), AuditEntry.objects.get().action) == ("forbidden", {1: "active"}, "policy.refused")


def test_the_same_numbers_are_no_change() -> None:
    assert draft_policy(PRO, actor=ROOT, **WHO).code == "nothing"


def test_a_new_draft_takes_the_place_of_the_former_but_not_of_one_that_waits() -> None:
    keep_case(CASE)
    drafted(LAXER)
    activate(drafted(STRICTER))
    assert states() == {1: "active", 2: "withdrawn", 3: "waiting_for_second"}
    assert draft_policy(LAXER, actor=ADA, **WHO).code == "waiting"
    withdraw_policy(3, actor=ADA, reason="not now", **WHO)
    assert states()[3] == "withdrawn"
    assert draft_policy(LAXER, actor=ADA, **WHO).number == 4


@pytest.mark.parametrize("deed", [activate_policy, approve_policy, withdraw_policy, revert_policy])
def test_nothing_is_done_without_a_reason(deed: Any) -> None:
    with pytest.raises(ValueError, match="Say why"):
        deed(1, actor=ROOT, reason=" ", **WHO)


def test_evaluations_say_whose_numbers_they_used(sweeper_at: Any, told: Any, sync: Any) -> None:
    told("paid_after_suspension")
    from recon.actions.recompute import recompute_account
    from recon.models import Trigger

    sweeper = sweeper_at()
    look = {"stores": sweeper.stores, "now": sweeper.clock(), "trigger": Trigger.PERSON, "actor": "test"}
    recompute_account("acc_1", rules=equipment.rules(), **look)
    activate(drafted(LAXER))
    recompute_account("acc_1", rules=equipment.rules(), **look)
    state = AccountState.objects.select_related("evaluation").get(account_id="acc_1")
    assert (state.policy_version, state.evaluation.policy_version) == (2, 1)
    assert "plan:price_pro" in state.policy_inputs


def test_the_version_is_found_along_an_index() -> None:
    activate(drafted(LAXER))
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain select number, policy from policy_version where state = 'active' limit 1")
        assert "policy_version_one_active" in "\n".join(line for (line,) in cursor.fetchall())

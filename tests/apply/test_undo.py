"""A repair taken back: its inverse is a plan of its own, and only of the cells that still hold what it wrote."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from psycopg.rows import dict_row

from recon.actions.approve import Approved, approve_plan
from recon.actions.approve_undo import approve_undo
from recon.actions.carry_out import carry_out
from recon.actions.look_again import look_again
from recon.actions.pause_applies import pause_applies
from recon.apply.order import Order, Rights
from recon.apply.steps import Step
from recon.engine.facts import StoreName
from recon.engine.inverse import LeftBecause
from recon.models import AccountState, Apply, ApplyState, AuditEntry, DriftChange, OutboxEvent, Relapse
from recon.queries.undo import NoUndo, Undo, undo_of
from recon.stores.base import Store
from tests.apply.test_recovery import PowerCut, crash_at
from tests.support import applying
from tests.support.applying import NOW, VOID
from tests.support.stores import Connect, tables_of
from tests.support.twin import TwinUnderTest

Six = Mapping[StoreName, Store]
Audited = Callable[[], list[str]]
Rows = Mapping[str, list[dict[str, Any]]]
STORES = ("subs_account", "subs_customer", "subs_dunning", "billing_prod", "cf_prod")
OURS = {"row_version", "updated_at", "since", "set_by"}  # who wrote last, and when


@pytest.fixture(autouse=True)
def people(six: Six, settings) -> None:
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    for name, role in (("ada", "finance"), ("sue", "support")):
        User.objects.create_user(name).groups.add(Group.objects.get_or_create(name=role)[0])


@pytest.fixture
def before(six: Six, owner: Connect) -> Rows:
    return rows_of(owner)


@pytest.fixture
def repair(before: Rows) -> UUID:
    """A repair that all six stores took."""
    return repaired()


def repaired(**changes: Any) -> UUID:
    plan = look_again("acc_1", actor="user:ada").answer["plan"]
    asked = {"actor": "user:ada", "groups": ["finance"], "reason": "paid by wire", "request_key": str(uuid4())}
    return done(approve_plan("acc_1", digest=plan["digest"], **{**asked, **changes}))


def done(approved: Approved) -> UUID:
    assert approved.apply_id is not None, approved.sentence
    result = carry_out(approved.apply_id)
    assert result is not None
    assert (result.outcome, result.code) == ("applied", "applied")
    return approved.apply_id


def shown(repair: UUID) -> Undo:
    """What the repair's page shows, after a look at the stores."""
    look_again("acc_1", actor="user:ada")
    found = undo_of(repair)
    assert found is not None
    return found


def undo(repair: UUID, digest: str = "", **changes: Any) -> Approved:
    inverse = shown(repair).inverse
    asked = {"actor": "user:ada", "groups": ["finance"], "reason": "the wire was another's", "request_key": ""}
    return approve_undo(repair, digest=digest or (inverse.plan.digest if inverse else "0" * 64), **{**asked, **changes})


def rows_of(owner: Connect) -> Rows:
    """Every row of the five databases, but for who wrote it and when."""
    found = {}
    for store in STORES:
        conn = owner(store)
        for table in sorted(set(tables_of(conn)) - {"recon_changes"}):
            rows = conn.cursor(row_factory=dict_row).execute(f"SELECT * FROM {table}").fetchall()
            plain = [{name: value for name, value in row.items() if name not in OURS} for row in rows]
            found[f"{store}.{table}"] = sorted(plain, key=repr)
    return found


def test_it_puts_exactly_the_old_values_back(
    repair: UUID, before: Rows, owner: Connect, twin: TwinUnderTest, audited: Audited
) -> None:
    assert rows_of(owner) != before
    assert twin.object("customer", "cus_1")["metadata"]["debt_state"] == "clear"

    done(undo(repair))

    assert rows_of(owner) == before
    assert twin.object("customer", "cus_1")["metadata"] == {"account_id": "acc_1", "debt_state": "bad_debt"}
    assert audited()[-3:] == ["repair.approved", "repair.applied", "repair.finished"]


def test_repair_and_undo_name_each_other(repair: UUID) -> None:
    taken_back = done(undo(repair))
    ours, theirs = undo_of(taken_back), undo_of(repair)
    assert (ours.undoes.id, theirs.undone_by.id, theirs.why_none) == (repair, taken_back, NoUndo.UNDONE)
    entries = AuditEntry.objects.filter(apply_id=taken_back).order_by("seq")
    assert {entry.after["undoes"] for entry in entries} == {str(repair)}
    applied = OutboxEvent.objects.get(kind="repair.applied", cause=f"undo:{taken_back}")
    assert applied.after["undoes"] == str(repair)


def test_taking_back_what_was_lenient_is_severe_and_needs_the_right_to_it(repair: UUID) -> None:
    assert (Apply.objects.get(id=repair).risk, shown(repair).inverse.plan.risk) == ("lenient", "severe")
    assert undo(repair, actor="user:sue", groups=["support"]).code == "forbidden"
    assert done(undo(repair))


def test_what_holds_something_else_now_is_left_alone(repair: UUID, before: Rows, owner: Connect) -> None:
    owner("subs_dunning").execute("UPDATE dunning SET state = 'grace', row_version = row_version + 1")
    owner("cf_prod").execute("UPDATE entitlements SET row_version = row_version + 1")
    left = {f"{one.cell.table}.{one.cell.column}": one.because for one in shown(repair).inverse.left_out}
    assert left["dunning.state"] is LeftBecause.CHANGED
    assert (left["dunning.has_debt"], left["entitlements.suspended"]) == (LeftBecause.TOUCHED, LeftBecause.TOUCHED)

    done(undo(repair))

    after = rows_of(owner)
    assert after["subs_dunning.dunning"][0]["state"] == "grace"
    assert after["cf_prod.entitlements"][0]["suspended"] is False
    assert after["billing_prod.account_flags"] == before["billing_prod.account_flags"]


def test_what_a_later_repair_wrote_is_that_ones(repair: UUID, owner: Connect) -> None:
    owner("subs_dunning").execute("UPDATE dunning SET has_debt = true, row_version = row_version + 1")
    repaired()
    left = {one.cell.column: one.because for one in shown(repair).inverse.left_out if one.cell.table == "dunning"}
    assert left.pop("has_debt") is LeftBecause.REPAIRED
    assert set(left.values()) == {LeftBecause.TOUCHED}  # somebody else wrote the row between the two


def test_a_seal_of_before_the_world_moved_is_refused_and_another_is_shown(
    repair: UUID, owner: Connect, audited: Audited
) -> None:
    old = shown(repair).inverse.plan.digest
    owner("cf_prod").execute("UPDATE entitlements SET row_version = row_version + 1")
    assert undo(repair, digest=old).code == "stale"
    assert audited()[-1] == "repair.refused"
    assert shown(repair).inverse.plan.digest != old


def test_a_world_that_moves_after_the_approval_refuses_it_too(repair: UUID, owner: Connect) -> None:
    approved = undo(repair)
    owner("cf_prod").execute("UPDATE entitlements SET row_version = row_version + 1")
    result = carry_out(approved.apply_id)
    assert (result.outcome, result.code) == ("refused", "stale")
    assert shown(repair).why_none is None  # an undo that came to nothing is none
    assert done(undo(repair))


def test_the_seal_is_of_this_repairs_undo_and_of_nothing_else(repair: UUID) -> None:
    digest = shown(repair).inverse.plan.digest
    asked = {"actor": "user:ada", "groups": ["finance"], "reason": "r", "request_key": ""}
    assert approve_plan("acc_1", digest=digest, **asked).code == "stale"
    plan = look_again("acc_1", actor="user:ada").answer["plan"]["digest"]
    assert undo(repair, digest=plan).code == "stale"


def test_an_undo_is_not_undone_and_a_repair_only_once(repair: UUID) -> None:
    taken_back = done(undo(repair))
    assert (undo(taken_back).code, undo(repair).code) == ("is_an_undo", "undone")


def test_the_plan_is_the_way_back_and_can_be_undone_itself(repair: UUID, before: Rows, owner: Connect) -> None:
    done(undo(repair))
    again = repaired()
    assert rows_of(owner) != before
    done(undo(again))
    assert rows_of(owner) == before


def test_nothing_that_it_wrote_is_left_to_put_back(repair: UUID) -> None:
    wrote = Apply.objects.get(id=repair)
    wrote.writes = [{**one, "truth": "something else"} for one in wrote.writes if one["column"] == "state"]
    wrote.save()
    assert undo(repair).code == "nothing"


def test_while_all_applies_are_paused_none_is_approved(repair: UUID) -> None:
    pause_applies(actor="user:root", reason="an incident", now=NOW)
    assert undo(repair).code == "paused"


def test_the_same_form_is_one_undo_also_after_it_was_carried_out(repair: UUID) -> None:
    first = undo(repair, request_key="form 1")
    assert undo(repair, request_key="form 1") == first
    done(first)
    assert undo(repair, request_key="form 1") == first
    assert Apply.objects.count() == 2


def test_another_form_meanwhile_is_told(repair: UUID) -> None:
    undo(repair)
    assert undo(repair).code == "undone"


def test_a_repair_that_is_not_done_has_no_undo(repair: UUID) -> None:
    Apply.objects.filter(id=repair).update(state=ApplyState.EXCEPTION)
    assert undo(repair).code == "not_applied"


def test_what_stripe_did_is_never_taken_back(before: Rows, twin: TwinUnderTest, owner: Connect) -> None:
    repair = repaired(proposal=VOID)
    done(undo(repair))
    assert twin.object("invoice", "in_1")["status"] == "void"
    assert rows_of(owner) == before


def test_a_verdict_unknown_puts_nothing_back(repair: UUID, owner: Connect) -> None:
    approved = undo(repair)
    owner("subs_account").execute("UPDATE accounts SET status = 'on_the_moon'")
    assert carry_out(approved.apply_id).code == "unknown"
    assert undo(repair).code == "unknown"


def test_a_customer_in_doubt_withholds_what_is_severe(repair: UUID, owner: Connect) -> None:
    owner("subs_customer").execute("INSERT INTO customers (account_id, stripe_customer_id) VALUES ('acc_2', 'cus_1')")
    assert shown(repair).inverse.is_withheld
    assert undo(repair).code == "withheld"


@pytest.mark.parametrize(
    ("step", "is_undone"),
    [
        (Step.CLAIMED, False),
        (Step.ALL_PREPARED, False),
        (Step.COMMIT_DECIDED, True),
        (Step.BRANCH_COMMITTED, True),
        (Step.READ_BACK, True),
    ],
)
def test_a_crash_anywhere_leaves_all_of_it_or_nothing(
    repair: UUID, before: Rows, owner: Connect, six: Six, step: Step, is_undone: bool
) -> None:
    repaired_rows, digest = rows_of(owner), shown(repair).inverse.plan.digest
    order = Order("acc_1", digest, "user:ada", "the wire was another's", Rights.ALL, undoes=repair)
    with pytest.raises(PowerCut):
        applying.coordinator(six, timezone.now, crash_at(step)).apply(order)
    applying.recovery(six, timezone.now).run(whatever_lease=True)
    assert rows_of(owner) == (before if is_undone else repaired_rows)
    assert Apply.objects.get(undoes=repair).state == (ApplyState.DONE if is_undone else ApplyState.ABORTED)


def test_an_undo_that_is_not_finished_is_nobodys_relapse(repair: UUID, six: Six) -> None:
    order = Order("acc_1", shown(repair).inverse.plan.digest, "user:ada", "r", Rights.ALL, undoes=repair)
    with pytest.raises(PowerCut):
        applying.coordinator(six, timezone.now, crash_at(Step.ALL_COMMITTED)).apply(order)
    look_again("acc_1", actor="user:ada")
    assert AccountState.objects.get(account_id="acc_1").drifted_cells > 0
    assert not Relapse.objects.exists()


def test_without_a_reason_there_is_no_undo(repair: UUID) -> None:
    with pytest.raises(ValueError, match="Say why"):
        undo(repair, reason=" ")


def test_the_account_drifts_again_and_nobody_is_blamed_for_it(repair: UUID) -> None:
    taken_back = done(undo(repair))
    assert AccountState.objects.get(account_id="acc_1").drifted_cells > 0
    assert not Relapse.objects.exists()
    began = DriftChange.objects.filter(measure="stuck_in_bad_debt").order_by("id")
    assert list(began.values_list("kind", "apply_id")) == [
        ("new", None),
        ("healed_by_us", repair),
        ("undone", taken_back),
    ]

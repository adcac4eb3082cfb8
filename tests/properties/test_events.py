"""I2: any order, duplication or loss of events, with a sweep at the end, leaves the same cells behind."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.engine.case import read_case
from recon.engine.pipeline import Evaluation, recompute
from tests.properties.applying import applied
from tests.properties.worlds import Case, copied, worlds

FACTS = {
    "subs_account": {"accounts": ("status",)},
    "subs_dunning": {"intents": None},
    "billing_prod": {"invoices": None, "payments": None, "adjustments": None, "contracts": None},
    "stripe": {"subscriptions": None, "invoices": None, "payment_intents": None, "charges": None, "disputes": None},
}
"""The tables (or, in a table of both, the columns) that events tell of: what other systems change."""


def moved_on(case: Case, facts: Case) -> Case:
    """The same stored cells, with the facts of another moment."""
    after = copied(case)
    for store, tables in FACTS.items():
        for table, columns in tables.items():
            new = copied(facts)["stores"][store][table]
            if columns is None:
                after["stores"][store][table] = new
            else:
                for row, said in zip(after["stores"][store][table], new, strict=True):
                    row.update({column: said[column] for column in columns})
    return after


def reconciled(case: Case) -> tuple[Case, Evaluation]:
    """One event: everything is read again, and what differs is written."""
    read = read_case(case)
    evaluation = recompute(read.facts, read.policy, read.now)
    return applied(case, evaluation.plan.writes), evaluation


def history(start: Case, facts: list[Case], schedule: list[Any]) -> Evaluation:
    """Facts change in their order; events (None) arrive whenever they do. The sweep comes last."""
    case = start
    for step in schedule:
        case = reconciled(case)[0] if step is None else moved_on(case, facts[step])
    swept, _ = reconciled(case)
    return reconciled(swept)[1]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), st.lists(worlds(), min_size=1, max_size=3), st.data())
def test_i2_late_duplicate_and_lost_events_end_in_the_same_state(
    start: Case, facts: list[Case], data: st.DataObject
) -> None:
    events = data.draw(st.lists(st.integers(0, len(facts)), max_size=6), label="events, by the changes before each")
    schedule: list[Any] = []
    for change in range(len(facts) + 1):
        schedule += [None] * events.count(change)
        schedule += [change] if change < len(facts) else []
    prompt = [step for change in range(len(facts)) for step in (change, None)]
    eventful, orderly = history(start, facts, schedule), history(start, facts, prompt)
    assert eventful.drift.cells == ()
    assert eventful.truth == orderly.truth
    assert eventful.plan.digest == orderly.plan.digest

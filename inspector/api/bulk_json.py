"""A bulk repair and its outcomes as programs see them."""

from typing import Any

from django.urls import reverse
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    UUIDField,
)

from inspector.api.shapes import Shape, maybe_time
from recon.engine.values import rfc3339
from recon.queries.bulk import OUTCOMES, BulkLine, BulkRun

STATES = ("drafted", "waiting_for_second", "running", "paused", "done", "cancelled")
COUNTED = ("states", "classes", "risks", "owed", "writes", "events", "access", "without_plan")


class BulkTotals(Shape):
    """What the frozen list amounts to."""

    states = DictField(child=IntegerField(), help_text="True state → accounts.")
    classes = DictField(child=IntegerField(), help_text="Class of drift → accounts.")
    risks = DictField(child=IntegerField(), help_text="Risk → accounts.")
    owed = DictField(child=IntegerField(), help_text="Currency → minor units.")
    writes = IntegerField()
    events = DictField(child=IntegerField(), help_text="Domain event → how many will be told.")
    access = DictField(child=IntegerField(), help_text="What changes for the customers → accounts.")
    without_plan = IntegerField(required=False, help_text="Accounts left out: they have nothing to write.")


class BulkRepairShape(Shape):
    """One bulk repair."""

    bulk_repair_id = IntegerField()
    kind = ChoiceField(choices=["repairs", "proposals"])
    state = ChoiceField(choices=STATES, help_text="waiting_for_second: a person of finance or admin approves it.")
    stage = ChoiceField(choices=["canary", "fifty", "rest"], help_text="5 accounts, then 50, then the rest.")
    started_by = CharField(help_text="As the audit names them: user:name, token:name.")
    second = CharField(allow_null=True, help_text="The person who approved it besides.")
    reason = CharField()
    accounts = IntegerField(help_text="How many the frozen list holds.")
    done = IntegerField()
    problems = IntegerField(help_text="Outcomes failed and in_doubt; above 2 % it stops by itself.")
    outcomes = DictField(child=IntegerField(), help_text="Outcome → accounts, of all outcomes.")
    any_severe = BooleanField()
    totals = BulkTotals()
    frozen_at = DateTimeField(help_text="When the list was frozen.")
    began_at = maybe_time("When the first account could be repaired.")
    finished_at = maybe_time("When it was done or cancelled.")
    stopped_by = CharField(allow_null=True)
    stop_reason = CharField(allow_null=True)
    stopped_at = maybe_time("When it was paused.")
    page = CharField(help_text="Where people see, approve and steer it.")


class BulkOutcomeShape(Shape):
    """What came of one account."""

    account_id = CharField()
    digest = CharField(help_text="Of the plan that was approved.")
    outcome = ChoiceField(choices=OUTCOMES, allow_null=True, help_text="null while nothing has come of it.")
    explanation = CharField()
    repair_id = UUIDField(allow_null=True)
    done_at = maybe_time("When it was settled.")


def run_json(run: BulkRun) -> dict[str, Any]:
    return {
        "bulk_repair_id": run.id,
        "kind": run.kind,
        "state": run.state,
        "stage": run.stage,
        "started_by": run.actor,
        "second": run.second or None,
        "reason": run.reason,
        "accounts": run.accounts,
        "done": run.done,
        "problems": run.problems,
        "outcomes": dict(run.outcomes),
        "any_severe": run.any_severe,
        "totals": {name: run.totals[name] for name in COUNTED if name in run.totals},
        "frozen_at": rfc3339(run.frozen_at),
        "began_at": None if run.began_at is None else rfc3339(run.began_at),
        "finished_at": None if run.finished_at is None else rfc3339(run.finished_at),
        "stopped_by": run.stopped_by or None,
        "stop_reason": run.stop_reason or None,
        "stopped_at": None if run.stopped_at is None else rfc3339(run.stopped_at),
        "page": reverse("bulk_repair", args=[run.id]),
    }


def line_json(line: BulkLine) -> dict[str, Any]:
    return {
        "account_id": line.account_id,
        "digest": line.digest,
        "outcome": line.outcome or None,
        "explanation": line.explanation,
        "repair_id": None if line.apply_id is None else str(line.apply_id),
        "done_at": None if line.done_at is None else rfc3339(line.done_at),
    }

"""The answers of the API, shape by shape: what the schema tells, and what `fields` may choose from.

Amounts are minor units beside their currency; times are RFC 3339 in UTC.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    JSONField,
    ListField,
)

from recon.engine.drift import DriftClass, DriftDetail
from recon.engine.enums import BlockLevel, DebtState, PaymentStatus, StoreName
from recon.engine.findings import FindingKind
from recon.engine.plan import Risk
from recon.queries.happenings import Kind


class Shape(serializers.Serializer):  # type: ignore[misc] # rest_framework has no types
    """What an answer is made of; it is never filled from a request."""


def maybe_time(about: str) -> DateTimeField:
    return DateTimeField(allow_null=True, help_text=about)


def words(of: Any, about: str = "") -> ListField:
    return ListField(child=ChoiceField(choices=list(of)), help_text=about)


def parts_of(shape: type[Shape]) -> tuple[str, ...]:
    """The names of its fields, in order."""
    return tuple(shape().fields)


class Balance(Shape):
    collectible_minor = IntegerField()
    written_off_minor = IntegerField()


class Truth(Shape):
    """What the rules made of the facts."""

    state = ChoiceField(choices=list(DebtState))
    raw_state = ChoiceField(choices=list(DebtState), help_text="Before intents and contracts lowered it.")
    has_debt = BooleanField()
    is_bad_debt = BooleanField()
    oldest_due_at = maybe_time("Of the invoices that are overdue.")
    balances = DictField(child=Balance(), help_text="By currency.")
    payment_status = ChoiceField(choices=list(PaymentStatus))
    plan_code = CharField(allow_null=True)
    plan_active = BooleanField()
    effective_plan = CharField(allow_null=True)
    restricted = BooleanField()
    suspended = BooleanField()
    billing_block = ChoiceField(choices=list(BlockLevel), allow_null=True)
    delinquent = BooleanField()
    has_no_successful_payment = BooleanField()
    has_payment_method = BooleanField()
    primary_subscription_id = CharField(allow_null=True)


class Because(Shape):
    """Why a field of the truth is what it is."""

    rule = CharField(help_text="As T8, of the contract.")
    text = CharField()
    evidence = ListField(child=CharField())


class Cell(Shape):
    """One value that a store holds and that is not the true one."""

    store = ChoiceField(choices=list(StoreName))
    table = CharField()
    key = DictField(child=JSONField(), help_text="Column → value of the primary key.")
    column = CharField()
    stored = JSONField()
    truth = JSONField()
    rule = CharField()


class Write(Cell):
    """One value that the plan writes."""

    row_version = IntegerField(allow_null=True, help_text="Of the row that the plan was made from.")


class Proposal(Shape):
    """A change in Stripe, which a person of finance approves by itself."""

    verb = CharField(help_text="As invoices.void_invoice.")
    object = CharField()
    params = DictField(child=JSONField())
    why = CharField()


class Drift(Shape):
    classes = words(DriftClass)
    details = words(DriftDetail)
    cells = Cell(many=True)


class Plan(Shape):
    """The fewest writes that make the stores say what is true."""

    digest = CharField(help_text="Of the account, every write and the truth: it is what is approved.")
    risk = ChoiceField(choices=list(Risk), allow_null=True, help_text="null: there is nothing to write.")
    writes = Write(many=True)
    proposals = Proposal(many=True)


FINDING_CLASS = ChoiceField(choices=list(FindingKind))
Finding = type(
    "Finding",
    (Shape,),
    {
        "__doc__": "What a person has to look at.",
        "__module__": __name__,
        "class": FINDING_CLASS,
        "text": CharField(),
        "refs": ListField(child=CharField()),
    },
)


class Read(Shape):
    """How one store was read for the evaluation."""

    ok = BooleanField()
    as_of = maybe_time("When it said so; null: it could not be read.")
    reason = CharField(allow_null=True, help_text="Why it could not be read.")


class Answer(Shape):
    """The latest answer about one account."""

    account_id = CharField()
    verdict = ChoiceField(choices=["known", "unknown"], help_text="unknown: nothing is concluded, nothing is written.")
    reasons = ListField(child=CharField(), help_text="Why it is unknown.")
    truth = Truth(allow_null=True)
    because = DictField(child=Because(), help_text="Field of the truth → why.")
    drift = Drift()
    plan = Plan()
    findings = Finding(many=True)
    next_evaluation_at = maybe_time("When the same facts give another truth.")
    evaluated_at = DateTimeField()
    reads = DictField(child=Read(), help_text="By store.")


class AccountLine(Shape):
    """One account of a list: its latest outcome in short."""

    account_id = CharField()
    verdict = ChoiceField(choices=["known", "unknown"])
    state = ChoiceField(choices=list(DebtState), allow_null=True, help_text="null: the verdict is unknown.")
    classes = words(DriftClass, "Also of an account that is unknown now, as it was last known.")
    details = words(DriftDetail)
    findings = words(FindingKind)
    drifted_cells = IntegerField(help_text="How many values differ.")
    writes = IntegerField(help_text="How many of them the plan writes.")
    risk = ChoiceField(choices=list(Risk), allow_null=True)
    owed = DictField(child=IntegerField(), help_text="Currency → collectible minor units.")
    oldest_due_at = maybe_time("Of the invoices that are overdue.")
    drift_since = maybe_time("Since when some value differs without a break.")
    evaluated_at = DateTimeField()
    next_evaluation_at = maybe_time("When the same facts give another truth.")


class StoreSays(Shape):
    """What one store last said of the account: it is known to have said so from `since` to `as_of`."""

    ok = BooleanField(help_text="Whether it could be read for the latest evaluation.")
    reason = CharField(help_text="Why it could not.", allow_blank=True)
    since = maybe_time("null: it never said anything.")
    as_of = maybe_time("null: it never said anything.")
    tables = DictField(child=ListField(child=JSONField()), help_text="Table → rows, as the store holds them.")


class Stores(Shape):
    account_id = CharField()
    evaluated_at = DateTimeField()
    stores = DictField(child=StoreSays(), help_text="By store.")


class TimelineEntry(Shape):
    """One line of an account's timeline."""

    at = DateTimeField(help_text="Its place in the order: when we learned of it, or when it happened.")
    kind = ChoiceField(choices=list(Kind))
    source = CharField(help_text="Who says so: a store, stripe, or recon.")
    what = CharField(help_text="In a word.")
    subject = CharField(help_text="The id of what it is about.", allow_blank=True)
    actor = CharField(help_text="Who did it; empty: nobody of ours.", allow_blank=True)
    happened_at = maybe_time("By the sender's clock.")
    seen_at = maybe_time("By ours.")
    told = JSONField(help_text="What it holds.")


class Headlines(Shape):
    """Accounts; the target of each is 0."""

    stuck_in_bad_debt = IntegerField()
    inconsistent_debt_flags = IntegerField()
    no_successful_payment = IntegerField()


class Verdicts(Shape):
    known = IntegerField()
    unknown = IntegerField()


class DriftNumbers(Shape):
    """Accounts as last evaluated: what `manage.py drift --json` says."""

    headlines = Headlines()
    classes = DictField(child=IntegerField())
    details = DictField(child=IntegerField())
    findings = DictField(child=IntegerField())
    states = DictField(child=IntegerField())
    verdicts = Verdicts()
    accounts = IntegerField()
    drifted = IntegerField()
    with_a_plan = IntegerField()
    withheld = IntegerField()
    oldest_evaluation_at = maybe_time("null: nothing was evaluated yet.")


class Split(Shape):
    """How accounts came to count under a measure, and ceased to."""

    new = IntegerField()
    came_back = IntegerField()
    undone = IntegerField(help_text="A repair of theirs was undone.")
    healed_by_us = IntegerField()
    healed_by_itself = IntegerField()


class CoursePoint(Split):
    at = DateTimeField()
    accounts = IntegerField(allow_null=True, help_text="null: nobody counted yet.")


class Course(Shape):
    split = Split(help_text="Of the whole window.")
    points = CoursePoint(many=True)


class DriftHistory(Shape):
    window = CharField()
    start = DateTimeField()
    end = DateTimeField()
    measures = DictField(child=Course(), help_text="By measure: the headlines, the classes and their details.")


class AuditEntry(Shape):
    """One entry of the audit chain."""

    seq = IntegerField(help_text="Its number: it grows.")
    at = DateTimeField()
    actor = CharField(help_text="As user:ada, token:crm, task:auto.")
    action = CharField(help_text="As repair.applied.")
    account_id = CharField(allow_null=True)
    reason = CharField(allow_blank=True)
    request_id = CharField(allow_blank=True)
    repair_id = serializers.UUIDField(allow_null=True)
    before = JSONField()
    after = JSONField()

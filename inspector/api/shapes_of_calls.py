"""The answers of calls that do something, of the entitlement and of the event feed, as the schema tells them."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    JSONField,
    ListField,
    RegexField,
    UUIDField,
)

from inspector.api.shapes import Cell, Shape, maybe_time
from recon.actions.receive_store_events import DATABASE_STORES
from recon.engine.plan import Risk
from recon.queries.events import KINDS
from recon.queries.repairs import StepName, StepState

AN_ID = r"^[!-~]+$"
AN_ACCOUNT = r"^[^\x00-\x1F\x7F]+$"
REPAIR_STATES = ("live", "applied", "refused", "failed", "needs_person")


class Entitlement(Shape):
    plan_active = BooleanField()
    effective_plan = CharField(allow_null=True, help_text="null: nobody can say which.")
    restricted = BooleanField()
    suspended = BooleanField()


class EntitlementRead(Shape):
    ok = BooleanField()
    as_of = maybe_time("When the store said so; null: it could not be read.")


class EntitlementAnswer(Shape):
    """What the product may grant, as last known."""

    account_id = CharField()
    verdict = ChoiceField(choices=["known", "unknown"])
    reasons = ListField(child=CharField(), help_text="Why it is unknown now.")
    entitlement = Entitlement(allow_null=True, help_text="null: it was never known.")
    is_stale = BooleanField(help_text="It was true at `as_of`, and may not be now.")
    as_of = maybe_time("When the entitlement was true.")
    evaluated_at = DateTimeField(help_text="The latest look.")
    age_seconds = IntegerField(help_text="How long ago that is.")
    reads = DictField(child=EntitlementRead(), help_text="By store.")


class ReadBack(Shape):
    """What the store held after the repair."""

    value = JSONField()
    agrees = BooleanField()
    at = DateTimeField()


class RepairWrite(Cell):
    """One value that was written."""

    read_back = ReadBack(allow_null=True, help_text="null: it was not read yet.")


class RepairStep(Shape):
    name = ChoiceField(choices=list(StepName))
    state = ChoiceField(choices=list(StepState))


class RepairAnswer(Shape):
    """One repair: what was approved, how far it is, and what the stores hold since."""

    repair_id = UUIDField()
    account_id = CharField()
    state = ChoiceField(choices=REPAIR_STATES)
    code = CharField(allow_blank=True, help_text="Why it was refused.")
    detail = CharField(allow_blank=True)
    digest = CharField()
    risk = ChoiceField(choices=list(Risk), allow_null=True)
    approved_by = CharField()
    reason = CharField()
    approved_at = DateTimeField()
    closed_at = maybe_time("null: it is under way.")
    writes = RepairWrite(many=True)
    steps = RepairStep(many=True)
    audit_seqs = ListField(child=IntegerField(), help_text="Its entries in the audit.")
    request_id = CharField(allow_blank=True)


class DomainEvent(Shape):
    sequence = IntegerField()
    event_id = UUIDField()
    kind = ChoiceField(choices=sorted(KINDS))
    account_id = CharField()
    at = DateTimeField()
    before = JSONField()
    after = JSONField()
    cause = CharField(allow_blank=True)
    audit_seq = IntegerField(allow_null=True)


class FeedAnswer(Shape):
    """One page of the feed: at least once, in order."""

    events = DomainEvent(many=True)
    next = CharField(help_text="Where to go on, relative to this host: at once while there is more.")
    more = BooleanField()


class StoreEventBody(Shape):
    """A store's owner says that an account changed."""

    store = ChoiceField(choices=list(DATABASE_STORES))
    event_id = RegexField(AN_ID, min_length=1, max_length=255, help_text="The same each time that it is sent.")
    account_id = RegexField(AN_ACCOUNT, min_length=1, max_length=255)
    occurred_at = DateTimeField()


class Accepted(Shape):
    accepted = IntegerField(help_text="How many events.")


class Taken(Shape):
    received = BooleanField()


class ProblemError(Shape):
    """One thing that is wrong: by the parameter's name, or by a JSON pointer into the body."""

    parameter = CharField(required=False, allow_blank=True)
    pointer = CharField(required=False, allow_blank=True)
    detail = CharField()


class Problem(Shape):
    """Problem details (RFC 9457). `code` is for programs, `detail` for people."""

    type = CharField()
    title = CharField()
    status = IntegerField()
    code = CharField()
    detail = CharField()
    errors = ProblemError(many=True, required=False)

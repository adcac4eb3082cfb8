"""What the schema says of each call besides what the endpoint itself tells: its name, its answers, and examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rest_framework.serializers import Serializer

from inspector.api import examples
from inspector.api.apply import ApplyBody
from inspector.api.bulk_bodies import BeginBody, SteerBody
from inspector.api.bulk_json import BulkRepairShape
from inspector.api.events import MOST_EVENTS, USUAL_LIMIT
from inspector.api.parameters import one_of, text, whole
from inspector.api.recompute import NoBody
from inspector.api.shapes import Answer
from inspector.api.shapes_of_calls import Accepted, EntitlementAnswer, FeedAnswer, RepairAnswer, StoreEventBody, Taken
from recon.queries.events import KINDS

Shape = type[Serializer]
PREFIX: Final = "/api/v1/"


@dataclass(frozen=True, slots=True)
class Told:
    """One answer; without a shape it has no body. A page holds many of the shape."""

    about: str
    shape: Shape | None = None
    example: Any = None


@dataclass(frozen=True, slots=True)
class Described:
    """One call. `answers` is status → what is told, besides the shape of a read; `refused` names the problems, of
    `problem_examples`, that only some calls have."""

    id: str
    tag: str
    summary: str
    example: Any = None
    answers: Mapping[int, Told] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    body: Shape | None = None
    body_example: Any = None
    has_key: bool = False
    is_secret: bool = False


FEED_PARAMETERS: Final = (
    whole("after", 0, 10**18 - 1, "Only events after this sequence.", usual=0),
    whole("limit", 1, MOST_EVENTS, "How many events at most.", usual=USUAL_LIMIT),
    text("account", "Only events of this account.", like=r"[^\x00-\x1F\x7F]{1,255}", example="acc_1", longest=255),
    one_of("kind", sorted(KINDS), "Only events of this kind."),
)
OF_POST: Final = ("bad_body", "not_json", "too_large", "media_type", "bad_key", "still_running", "other_call")
OF_EVENTS: Final = ("bad_body", "too_large", "other_store")

OF_STEER: Final = (*OF_POST, "not_found", "not_yours", "not_now", "paused")


def _steer(id: str, summary: str) -> Described:
    return Described(
        id,
        "bulk repairs",
        summary,
        answers={200: Told("As it is now.", BulkRepairShape, examples.BULK)},
        refused=OF_STEER,
        body=SteerBody,
        body_example=examples.STEER,
        has_key=True,
    )


CALLS: Final[Mapping[tuple[str, str], Described]] = {
    ("accounts/", "GET"): Described("list_accounts", "accounts", "Accounts by their ids", examples.LINE),
    ("accounts/{account_id}/", "GET"): Described(
        "read_account", "accounts", "The latest answer about an account", examples.ANSWER, refused=("not_found",)
    ),
    ("accounts/{account_id}/stores/", "GET"): Described(
        "read_stores", "accounts", "What each store last said of an account", examples.STORES, refused=("not_found",)
    ),
    ("accounts/{account_id}/timeline/", "GET"): Described(
        "list_timeline", "accounts", "What happened to an account", examples.ENTRY, refused=("not_found",)
    ),
    ("accounts/{account_id}/entitlement/", "GET"): Described(
        "read_entitlement",
        "accounts",
        "What the product may grant",
        answers={
            200: Told("The last entitlement that was known.", EntitlementAnswer, examples.ENTITLEMENT),
            304: Told("The caller has this answer already."),
        },
        refused=("not_found",),
    ),
    ("accounts/{account_id}/recompute/", "POST"): Described(
        "recompute_account",
        "accounts",
        "Read the six stores now",
        answers={200: Told("The answer that holds now.", Answer, examples.ANSWER)},
        refused=(*OF_POST, "not_found"),
        body=NoBody,
        body_example={},
        has_key=True,
    ),
    ("accounts/{account_id}/apply/", "POST"): Described(
        "apply_plan",
        "repairs",
        "Approve a plan by its digest, and carry it out",
        answers={
            200: Told("Applied, and read back.", RepairAnswer, examples.REPAIR),
            202: Told("Still under way: `Location` says where to look.", RepairAnswer, examples.LIVE_REPAIR),
        },
        refused=(*OF_POST, "not_found", "forbidden", "stale", "busy", "needs_person", "paused"),
        body=ApplyBody,
        body_example=examples.APPLY,
        has_key=True,
    ),
    ("repairs/{repair_id}/", "GET"): Described(
        "read_repair",
        "repairs",
        "How far a repair is",
        answers={200: Told("The repair.", RepairAnswer, examples.REPAIR)},
        refused=("not_found",),
    ),
    ("bulk-repairs/", "POST"): Described(
        "begin_bulk_repair",
        "bulk repairs",
        "Begin a repair of many accounts",
        answers={202: Told("Begun, or waiting for a person: `Location` says where.", BulkRepairShape, examples.BULK)},
        refused=(*OF_POST, "not_yours", "not_now", "paused"),
        body=BeginBody,
        body_example=examples.BULK_BEGIN,
        has_key=True,
    ),
    ("bulk-repairs/{run_id}/", "GET"): Described(
        "read_bulk_repair", "bulk repairs", "How far a bulk repair is", examples.BULK, refused=("not_found",)
    ),
    ("bulk-repairs/{run_id}/outcomes/", "GET"): Described(
        "list_outcomes", "bulk repairs", "What came of every account", examples.OUTCOME, refused=("not_found",)
    ),
    ("bulk-repairs/{run_id}/approve/", "POST"): _steer("approve_bulk_repair", "Approve it as the second person"),
    ("bulk-repairs/{run_id}/pause/", "POST"): _steer("pause_bulk_repair", "Pause it"),
    ("bulk-repairs/{run_id}/resume/", "POST"): _steer("resume_bulk_repair", "Go on with it"),
    ("bulk-repairs/{run_id}/cancel/", "POST"): _steer("cancel_bulk_repair", "Cancel it"),
    ("drift/", "GET"): Described("read_drift", "drift", "How many accounts drift", examples.DRIFT),
    ("drift/history/", "GET"): Described("read_drift_history", "drift", "The course of the drift", examples.HISTORY),
    ("audit/", "GET"): Described("list_audit", "audit", "Who did what, when and why", examples.AUDIT),
    ("events/", "GET"): Described(
        "list_events",
        "events",
        "The feed of domain events, in the order of their commits",
        answers={200: Told("`next` is where to go on.", FeedAnswer, examples.FEED)},
        refused=("no_longer_kept",),
    ),
    ("store-events/", "POST"): Described(
        "send_store_events",
        "events",
        "A store's owner says that accounts changed",
        answers={202: Told("Kept, and each account will be read again.", Accepted, {"accepted": 1})},
        refused=OF_EVENTS,
        body=StoreEventBody,
        body_example=examples.STORE_EVENT,
        is_secret=True,
    ),
    ("webhooks/stripe/", "POST"): Described(
        "send_stripe_webhook",
        "events",
        "Stripe's webhook, signed as Stripe signs",
        answers={200: Told("Kept, or known already.", Taken, {"received": True})},
        refused=("bad_signature", "too_large"),
        is_secret=True,
    ),
}

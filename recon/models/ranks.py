"""The indexes that a queue is paged by: each list of accounts in the order of harm, and all accounts in other orders.

A page is then a short walk along one index, however many accounts there are. An account that is in no list is in none
of the partial ones, and an evaluation that changes nothing writes to none.
"""

from datetime import UTC, datetime
from typing import Final

from django.db.models import F, Index, Q, Value
from django.db.models.functions import Coalesce

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for no moment where moments are put in order: after all of them."""
CLASSES: Final = (
    "bad_debt_drift",
    "inconsistent_debt_flags",
    "no_successful_payment_drift",
    "entitlement_drift",
)
DETAILS: Final = (
    "stuck",
    "missed",
    "wrong",
    "flagged_but_paid",
    "unflagged_never_paid",
    "paid_but_blocked",
    "served_unpaid",
)
FINDINGS: Final = ("fact_conflict", "identity", "duplicate_subscription", "unknown", "draft_backlog")


def _by_harm(name: str, condition: Q, *before: str) -> Index:
    since = Coalesce("drift_since", Value(NEVER))
    columns = [F(column) for column in before]
    return Index(*columns, "harm_rank", "owed_rank", since, "account_id", name=f"harm_{name}", condition=condition)


HARM_INDEXES: Final = (
    _by_harm("drifted", Q(drifted_cells__gt=0)),
    *(_by_harm(f"class_{number}", Q(classes__contains=[one])) for number, one in enumerate(CLASSES)),
    *(_by_harm(f"detail_{number}", Q(details__contains=[one])) for number, one in enumerate(DETAILS)),
    *(_by_harm(f"finding_{number}", Q(findings__contains=[one])) for number, one in enumerate(FINDINGS)),
    _by_harm("contradictory", Q(has_inconsistent_flags=True)),
    _by_harm("unknown", Q(is_known=False)),
    _by_harm("state", ~Q(state="clear"), "state"),
    _by_harm("cluster", ~Q(cluster=""), "cluster"),
    Index("owed_rank", "account_id", name="rank_money"),
    Index(Coalesce("oldest_due_at", Value(NEVER)), F("account_id"), name="rank_age"),
    Index(Coalesce("drift_since", Value(NEVER)), F("account_id"), name="rank_since"),
)

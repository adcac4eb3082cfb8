"""The numbers: three headlines, every class and detail, findings and verdicts, and whose plans there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from recon.models import AccountState

CLASSES = ("bad_debt_drift", "inconsistent_debt_flags", "no_successful_payment_drift", "entitlement_drift")
DETAILS = (
    "stuck",
    "missed",
    "wrong",
    "flagged_but_paid",
    "unflagged_never_paid",
    "paid_but_blocked",
    "served_unpaid",
)
FINDINGS = ("fact_conflict", "identity", "duplicate_subscription", "unknown", "draft_backlog")
UNNEST = "select word, count(*) from account_state, unnest({column}) as word group by word"
EVALUATED = """
select account_id from account_state where account_id collate "C" > %s order by account_id collate "C" limit %s
"""


@dataclass(frozen=True, slots=True)
class Headlines:
    """Accounts, each with target 0: a store says bad debt and the truth does not; the stores contradict each other; the
    flag says never paid and a payment exists."""

    stuck_in_bad_debt: int
    inconsistent_debt_flags: int
    no_successful_payment: int

    @property
    def are_all_zero(self) -> bool:
        return not (self.stuck_in_bad_debt or self.inconsistent_debt_flags or self.no_successful_payment)


@dataclass(frozen=True, slots=True)
class DriftNumbers:
    """Accounts by headline, class, detail, finding, state and verdict, as last evaluated."""

    headlines: Headlines
    classes: Mapping[str, int]
    details: Mapping[str, int]
    findings: Mapping[str, int]
    states: Mapping[str, int]
    accounts: int
    known: int
    unknown: int
    drifted: int
    with_a_plan: int
    withheld: int
    oldest_evaluation_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {
            "headlines": {
                "stuck_in_bad_debt": self.headlines.stuck_in_bad_debt,
                "inconsistent_debt_flags": self.headlines.inconsistent_debt_flags,
                "no_successful_payment": self.headlines.no_successful_payment,
            },
            "classes": dict(self.classes),
            "details": dict(self.details),
            "findings": dict(self.findings),
            "states": dict(self.states),
            "verdicts": {"known": self.known, "unknown": self.unknown},
            "accounts": self.accounts,
            "drifted": self.drifted,
            "with_a_plan": self.with_a_plan,
            "withheld": self.withheld,
            "oldest_evaluation_at": _text(self.oldest_evaluation_at),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bulk repair needs of an account: whose plan, and its digest."""

    account_id: str
    digest: str


def headlines() -> Headlines:
    found = AccountState.objects.aggregate(
        stuck_in_bad_debt=Count("account_id", filter=Q(is_stuck_in_bad_debt=True)),
        inconsistent_debt_flags=Count("account_id", filter=Q(has_inconsistent_flags=True)),
        no_successful_payment=Count("account_id", filter=Q(is_flagged_but_paid=True)),
    )
    return Headlines(**found)


def drift_numbers() -> DriftNumbers:
    sums = AccountState.objects.aggregate(
        accounts=Count("account_id"),
        known=Count("account_id", filter=Q(is_known=True)),
        unknown=Count("account_id", filter=Q(is_known=False)),
        drifted=Count("account_id", filter=Q(drifted_cells__gt=0)),
        with_a_plan=Count("account_id", filter=Q(writes__gt=0)),
        withheld=Count("account_id", filter=Q(drifted_cells__gt=0, writes=0)),
    )
    oldest = AccountState.objects.order_by("evaluated_at").values_list("evaluated_at", flat=True).first()
    return DriftNumbers(
        headlines=headlines(),
        classes=_counted("classes", CLASSES),
        details=_counted("details", DETAILS),
        findings=_counted("findings", FINDINGS),
        states=_states(),
        oldest_evaluation_at=oldest,
        **sums,
    )


def plans(*, after: str = "", limit: int = 1_000) -> list[Plan]:
    """The accounts with something to write, by id, and the digests of their latest plans."""
    states = AccountState.objects.filter(writes__gt=0, account_id__gt=after).order_by("account_id")
    rows = states.values_list("account_id", "evaluation__digest")[:limit]
    return [Plan(account_id, digest) for account_id, digest in rows]


def evaluated_account_ids(after: str, limit: int) -> list[str]:
    """The accounts that have a state, in byte order."""
    with connection.cursor() as cursor:
        cursor.execute(EVALUATED, [after, limit])
        return [account_id for (account_id,) in cursor.fetchall()]


def _counted(column: str, words: tuple[str, ...]) -> dict[str, int]:
    """Every word, those that nobody has too; the column is one of ours, not a user's."""
    with connection.cursor() as cursor:
        cursor.execute(UNNEST.format(column=column))
        found = dict(cursor.fetchall())
    return {word: found.get(word, 0) for word in words}


def _states() -> dict[str, int]:
    rows: QuerySet[Any, Any] = AccountState.objects.filter(is_known=True).values_list("state")
    return dict(rows.annotate(Count("account_id")).order_by("state"))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None

"""The numbers: three headlines, every class and detail, findings and verdicts, and whose plans there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import Collate

from recon.models import AccountState
from recon.models.ranks import CLASSES, DETAILS, FINDINGS
from recon.queries.looks import PROVED_AT

# One pass over the table, whatever is asked: accounts that are alike in all of these are few groups.
GROUPED = f"""
select is_known, state, classes, details, findings, has_inconsistent_flags, drifted_cells > 0, writes > 0, count(*),
       min(case when steady_by is null then evaluated_at else greatest(evaluated_at, ({PROVED_AT})) end)
from account_state group by 1, 2, 3, 4, 5, 6, 7, 8
"""
STREAMED = 5_000


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
class Group:
    """Accounts that are alike in all of these; `oldest` is the earliest of the latest looks at them."""

    is_known: bool
    state: str | None
    classes: list[str]
    details: list[str]
    findings: list[str]
    is_contradictory: bool
    is_drifted: bool
    has_writes: bool
    accounts: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bulk repair needs of an account: whose plan, and its digest."""

    account_id: str
    digest: str


def headlines() -> Headlines:
    found = AccountState.objects.filter(drifted_cells__gt=0).aggregate(
        stuck_in_bad_debt=Count("account_id", filter=Q(is_stuck_in_bad_debt=True)),
        inconsistent_debt_flags=Count("account_id", filter=Q(has_inconsistent_flags=True)),
        no_successful_payment=Count("account_id", filter=Q(is_flagged_but_paid=True)),
    )
    return Headlines(**found)


def drift_numbers() -> DriftNumbers:
    """As last evaluated; an account that is unknown now counts under the drift that it was last known to have."""
    with connection.cursor() as cursor:
        cursor.execute(GROUPED)
        groups = [Group(*row) for row in cursor.fetchall()]

    def sum_of(holds: Callable[[Group], bool]) -> int:
        return sum(group.accounts for group in groups if holds(group))

    details = _tally(groups, lambda group: group.details)
    return DriftNumbers(
        headlines=Headlines(
            stuck_in_bad_debt=details["stuck"],
            inconsistent_debt_flags=sum_of(lambda group: group.is_contradictory),
            no_successful_payment=details["flagged_but_paid"],
        ),
        classes=_in_order(CLASSES, _tally(groups, lambda group: group.classes)),
        details=_in_order(DETAILS, details),
        findings=_in_order(FINDINGS, _tally(groups, lambda group: group.findings)),
        states=dict(sorted(_tally(groups, lambda group: [group.state] if group.state else []).items())),
        accounts=sum_of(lambda group: True),
        known=sum_of(lambda group: group.is_known),
        unknown=sum_of(lambda group: not group.is_known),
        drifted=sum_of(lambda group: group.is_drifted),
        with_a_plan=sum_of(lambda group: group.has_writes),
        withheld=sum_of(lambda group: group.is_known and group.is_drifted and not group.has_writes),
        oldest_evaluation_at=min((group.oldest for group in groups), default=None),
    )


def plans(*, after: str = "", limit: int = 1_000) -> list[Plan]:
    """The accounts with something to write, by id, and the digests of their latest plans."""
    states = AccountState.objects.filter(writes__gt=0, account_id__gt=after).order_by("account_id")
    rows = states.values_list("account_id", "evaluation__digest")[:limit]
    return [Plan(account_id, digest) for account_id, digest in rows]


def evaluated_account_ids() -> Iterator[str]:
    """The accounts that have a state, in byte order, as a stream."""
    in_order = AccountState.objects.order_by(Collate("account_id", "C"))
    return in_order.values_list("account_id", flat=True).iterator(chunk_size=STREAMED)


def _tally(groups: Iterable[Group], words_of: Callable[[Group], Iterable[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for group in groups:
        for word in words_of(group):
            found[word] += group.accounts
    return found


def _in_order(words: Iterable[str], found: Counter[str]) -> dict[str, int]:
    """Every word, those that nobody has too."""
    return {word: found[word] for word in words}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None

"""What a list holds altogether: accounts, and per currency what they owe by age. Amounts of two currencies are never
added.

A short list is counted as it is asked for. A long one has the count that is kept of it, where one is; a filter that
leaves an unknown part of a long list is not counted at all, because that would pass every account.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.models import QueueCount
from recon.models.ranks import CLASSES
from recon.queries.queue import LOOKED_AT, base_of, shortest_list
from recon.queries.queue_filter import (
    Age,
    QueueFilter,
    Sort,
    conditions_of,
    few_of,
    lists_of,
    midnight_of,
    values_of,
)

Owed = Mapping[str, Mapping[Age, "Sum"]]
BUCKET: Final = """
case when oldest_due_at is null or oldest_due_at >= %(midnight)s then 'not_due'
     when oldest_due_at >= %(midnight)s - interval '30 days' then '1-30'
     when oldest_due_at >= %(midnight)s - interval '60 days' then '31-60'
     when oldest_due_at >= %(midnight)s - interval '90 days' then '61-90'
     else 'over-90' end
"""
# No more than the filters look at: what else a row holds is long.
COLUMNS: Final = (
    "account_id, is_known, state, classes, details, findings, cluster, drifted_cells, has_inconsistent_flags, owed, "
    "oldest_due_at"
)
COUNTED: Final = """
with walked as materialized (select {columns} from account_state where {base} limit %(looked_at)s + 1),
     matching as materialized (select owed, {bucket} as age from walked as each where {conditions})
select null, null, (select count(*) from matching), (select count(*) from walked)
union all
select currency, age, count(*), sum(minor::numeric)
from matching cross join lateral jsonb_each_text(owed) as owing (currency, minor)
where minor::numeric > 0
group by currency, age
"""
# Accounts that are alike in all of these are few groups, however many accounts there are.
ALIKE: Final = """
select classes, details, findings, has_inconsistent_flags, is_known, state, drifted_cells > 0, {currency}, {age},
       count(*), {minor}
from account_state {owing}
where drifted_cells > 0 or not is_known or findings <> '{{}}' or state <> 'clear'
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
OWING: Final = """
cross join lateral (
    select key, value::numeric from jsonb_each_text(owed) where value::numeric > 0
) as owing (currency, minor)
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """Accounts and what they owe in one currency and age; minor units."""

    accounts: int
    minor: int

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.accounts + other.accounts, self.minor + other.minor)


@dataclass(frozen=True, slots=True)
class Totals:
    """`at` is when a kept count was made, of what is put off or accepted too; None: just now. `accounts` None: not
    counted."""

    accounts: int | None
    owed: Owed = field(default_factory=dict)
    at: datetime | None = None


def kept_counts() -> dict[str, Totals]:
    """List → its count as it was kept; a list that had no account is not among them."""
    return {row.queue: Totals(row.accounts, _owed(row.owed), row.at) for row in QueueCount.objects.all()}


def sizes(kept: Mapping[str, Totals]) -> dict[str, int]:
    return {name: totals.accounts or 0 for name, totals in kept.items()}


def totals_of(wanted: QueueFilter, kept: Mapping[str, Totals], more: Mapping[str, int]) -> Totals:
    """`more` are the sizes of lists that are not among the kept counts."""
    counts = sizes(kept) | dict(more)
    if few_of(wanted) or counts.get(shortest_list(wanted, counts).name, 0) <= LOOKED_AT:
        counted = _counted(wanted, base_of(wanted, Sort.HARM, counts))
        if counted is not None:
            return counted
    [only, *others] = lists_of(wanted)
    is_plain = replace(wanted, person="", at=None) == _plain(wanted)
    return kept.get(only.name, Totals(None)) if is_plain and not others else Totals(None)


def count_lists(now: datetime) -> dict[str, Totals]:
    """Every list at this moment, in one pass over the accounts for the numbers and one for the amounts."""
    accounts: dict[str, int] = {}
    owed: dict[str, dict[str, dict[Age, Sum]]] = {}
    for *alike, _, _, number, _ in _groups(ALIKE.format(currency="null", age="null", minor="null", owing=""), now):
        for name in _names(*alike):
            accounts[name] = accounts.get(name, 0) + number
    for *alike, currency, age, number, minor in _groups(
        ALIKE.format(currency="currency", age=BUCKET, minor="sum(minor)", owing=OWING), now
    ):
        for name in _names(*alike):
            ages = owed.setdefault(name, {}).setdefault(currency, {})
            ages[Age(age)] = ages.get(Age(age), Sum(0, 0)) + Sum(number, int(minor))
    return {name: Totals(number, owed.get(name, {}), now) for name, number in accounts.items()}


def owed_as_json(owed: Owed) -> dict[str, dict[str, list[int]]]:
    """As it is kept."""
    return {
        currency: {age.value: [one.accounts, one.minor] for age, one in ages.items()} for currency, ages in owed.items()
    }


def _counted(wanted: QueueFilter, base: str) -> Totals | None:
    """None when the list turned out to be long after all."""
    values = values_of(wanted) | {"looked_at": LOOKED_AT}
    if wanted.at is None:
        raise ValueError("a filter without its clock has no ages")
    values["midnight"] = midnight_of(wanted.at)
    sql = COUNTED.format(base=base, columns=COLUMNS, bucket=BUCKET, conditions=" and ".join(conditions_of(wanted)))
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        (_, _, accounts, walked), *rows = cursor.fetchall()
    if walked > LOOKED_AT:
        return None
    owed: dict[str, dict[Age, Sum]] = {}
    for currency, age, number, minor in sorted(rows):
        owed.setdefault(currency, {})[Age(age)] = Sum(number, int(minor))
    return Totals(int(accounts), owed)


def _plain(wanted: QueueFilter) -> QueueFilter:
    """One list as it is kept: without whatever takes a part of it."""
    whole = replace(wanted, person="", at=None, currency="", least_minor=0, age=None)
    whole = replace(whole, claimed=None, snoozed=None, accepted=None)
    return replace(whole, state="") if wanted.state == "clear" else whole


def _groups(sql: str, now: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"midnight": midnight_of(now)})
        return list(cursor.fetchall())


def _names(
    classes: Iterable[str],
    details: Iterable[str],
    findings: Iterable[str],
    is_contradictory: bool,
    is_known: bool,
    state: str | None,
    drifts: bool,
) -> list[str]:
    """The lists that such an account is in."""
    named = [f"class:{one}" for one in classes if one in CLASSES]
    named += [f"detail:{one}" for one in details] + [f"finding:{one}" for one in findings]
    told = {
        "detail:contradictory": is_contradictory,
        "unknown": not is_known,
        "drifted": drifts,
        f"state:{state}": drifts and state,
        f"any:{state}": state and state != "clear",
    }
    return named + [name for name, holds in told.items() if holds]


def _owed(kept: Mapping[str, Mapping[str, list[int]]]) -> Owed:
    return {currency: {Age(age): Sum(*one) for age, one in ages.items()} for currency, ages in sorted(kept.items())}

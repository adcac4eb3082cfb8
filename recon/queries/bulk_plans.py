"""The plans and the proposals that a bulk repair is made of; what is accepted at the moment `now` is in none."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models.fields.json import KT

from recon.models import StripeObject
from recon.queries.queue_filter import ACCEPTED_OF, QueueFilter, conditions_of, values_of

# In the order of harm, as the lists are.
PLANS: Final = """
select one.account_id, one.state, one.classes, one.risk, one.owed, e.digest, e.writes, e.proposals, e.truth
from (select * from account_state as each where {conditions}) as one
join evaluation as e on e.id = one.evaluation_id
where {has}
order by one.harm_rank, one.owed_rank, one.account_id
limit %(limit)s
"""
PROPOSES: Final = "e.proposals <> '[]'"
WAITING: Final = f"""
select proposal ->> 'verb', count(*), count(distinct one.account_id)
from evaluation as e
join account_state as one on one.evaluation_id = e.id
cross join jsonb_array_elements(e.proposals) as proposal
where {PROPOSES} and one.is_known
group by 1 order by 1
"""
OF_RUN: Final = f"""
select count(distinct item.account_id)
from bulk_repair_item as item
join account_state as one on one.account_id = item.account_id and one.is_known
join evaluation as e on e.id = one.evaluation_id
where item.bulk_repair_id = %s and {PROPOSES}
"""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """An account's latest plan. `owed` is currency → minor units; `writes` are cells, `proposals` calls to Stripe and
    `truth` the truth, as in the answer's JSON."""

    account_id: str
    state: str | None
    classes: tuple[str, ...]
    risk: str | None
    owed: Mapping[str, int]
    digest: str
    writes: Sequence[Mapping[str, Any]]
    proposals: Sequence[Mapping[str, Any]] = ()
    truth: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many proposals of one verb wait for somebody, of how many accounts."""

    verb: str
    proposals: int
    accounts: int


def plans_matching(wanted: QueueFilter, *, limit: int, now: datetime) -> list[BulkPlan]:
    """Of the accounts that the list would show, those with something to write."""
    return _plans([*conditions_of(wanted), "writes > 0"], values_of(wanted), limit, now)


def plans_of(account_ids: Sequence[str], *, limit: int, now: datetime) -> list[BulkPlan]:
    """Of these accounts, those with something to write."""
    return _plans(["account_id = any(%(ids)s)", "writes > 0"], {"ids": list(account_ids)}, limit, now)


def proposing_matching(wanted: QueueFilter, *, limit: int, now: datetime) -> list[BulkPlan]:
    """Of the accounts that the list would show, those whose plan proposes something to Stripe."""
    return _plans(conditions_of(wanted), values_of(wanted), limit, now, has=PROPOSES)


def proposing_of(account_ids: Sequence[str], *, limit: int, now: datetime) -> list[BulkPlan]:
    """Of these accounts, those whose plan proposes something to Stripe."""
    return _plans(["account_id = any(%(ids)s)"], {"ids": list(account_ids)}, limit, now, has=PROPOSES)


def proposing(*, limit: int, now: datetime) -> list[BulkPlan]:
    """All accounts whose plan proposes something to Stripe."""
    return _plans([], {}, limit, now, has=PROPOSES)


def proposals_waiting() -> list[Waiting]:
    """What all latest plans propose to Stripe, by verb."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return [Waiting(*row) for row in cursor.fetchall()]


def proposing_of_run(run_id: int) -> int:
    """How many accounts of a run have a plan by now that proposes something to Stripe."""
    with connection.cursor() as cursor:
        cursor.execute(OF_RUN, [run_id])
        return int(cursor.fetchall()[0][0])


def remaining_of(invoice_ids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Invoice → (currency, minor units) that Stripe still waits for, as it was last seen; those that were."""
    seen = StripeObject.objects.filter(id__in=list(invoice_ids), kind="invoices")
    rows = seen.annotate(currency=KT("body__currency"), remaining=KT("body__amount_remaining"))
    return {
        invoice: (currency, int(remaining))
        for invoice, currency, remaining in rows.values_list("id", "currency", "remaining")
        if currency and (remaining or "").isdigit()
    }


def _plans(
    conditions: Sequence[str], values: Mapping[str, Any], limit: int, now: datetime, *, has: str = "true"
) -> list[BulkPlan]:
    told = " and ".join([*conditions, "is_known", f"not exists ({ACCEPTED_OF})"])
    with connection.cursor() as cursor:
        cursor.execute(PLANS.format(conditions=told, has=has), {**values, "limit": limit, "now": now})
        return [
            BulkPlan(account_id, state, tuple(classes), risk, json.loads(owed), digest, *map(json.loads, rest))
            for account_id, state, classes, risk, owed, digest, *rest in cursor.fetchall()
        ]

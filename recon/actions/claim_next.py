"""Take the next account of a queue in hand: the first after the one at hand that nobody has, and then from the top."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from recon.actions.claimed import MAY_NOT_WORK, Claimed, may_work, take
from recon.actions.release_account import release_account
from recon.queries.queue import QueueFilter, QueueKey, Sort, key_of_account, queue_page, unclaimed

TRIED_AT_ONCE: Final = 20
MOST_PAGES: Final = 20
NOTHING_LEFT: Final = Claimed(
    code="nothing", sentence="Nothing is left in this queue that nobody has in hand and nobody has put off."
)


def claim_next(
    wanted: QueueFilter,
    *,
    sort: Sort,
    person: str,
    groups: Iterable[str],
    now: datetime,
    query: str,
    counts: Mapping[str, int] | None = None,
    leaving: str = "",
) -> Claimed:
    """Two people never get the same one. `leaving` is given out of the hand first. Codes: forbidden, nothing."""
    if not may_work(groups):
        return MAY_NOT_WORK
    at_hand = key_of_account(leaving, sort) if leaving else None
    if leaving:
        release_account(leaving, person=person, now=now)
    for account_id in _candidates(unclaimed(wanted, at=now), sort, at_hand, counts or {}):
        if account_id != leaving and take(account_id, person=person, now=now, query=query, again=False):
            return Claimed(account_id)
    return NOTHING_LEFT


def _candidates(wanted: QueueFilter, sort: Sort, at_hand: QueueKey | None, counts: Mapping[str, int]) -> Iterator[str]:
    """Those behind the one at hand, then those before it; asked for anew, page by page, as others take theirs."""
    for start in [at_hand, None] if at_hand else [None]:
        after = start
        for _ in range(MOST_PAGES):
            page = queue_page(wanted, sort=sort, after=after, limit=TRIED_AT_ONCE, counts=counts)
            yield from (line.account_id for line in page.lines)
            after = page.next
            if after is None:
                break

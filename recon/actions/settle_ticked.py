"""Replay or ignore what was ticked, one after the other, with one reason: what cannot be settled stops nothing else."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

from recon.actions.ignore_account import ignore_account
from recon.actions.ignore_event import ignore_event
from recon.actions.replay_account import replay_account
from recon.actions.replay_event import replay_event
from recon.actions.settle_finding import settle_finding
from recon.actions.settled import Settled
from recon.models import InboxFinding
from recon.words import reason_in

MOST: Final = 200
Settle = Callable[..., Settled]


class Deed(StrEnum):
    """What is done with what was ticked."""

    REPLAY = "replay"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class TickedAccount:
    """An account, and the generation of it that the person saw."""

    account_id: str
    seen: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """Accounts as they were seen, events and findings by our numbers of them."""

    accounts: Sequence[TickedAccount] = ()
    events: Sequence[int] = ()
    findings: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were settled, and of the others the sentences, with how many each is said of."""

    done: int
    others: tuple[tuple[str, int], ...]


def settle_ticked(
    ticked: Ticked, deed: Deed, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Outcome:
    """Each in a transaction of its own, with its own audit entry. ValueError without a reason, and with nothing, or
    more than 200, ticked."""
    said, asked = reason_in(reason), list(_asked(ticked, deed))
    if not asked:
        raise ValueError("Tick at least one row.")
    if len(asked) > MOST:
        raise ValueError(f"At most {MOST} at once.")
    settle = partial(_settle, actor=actor, groups=frozenset(groups), reason=said, now=now, request_id=request_id)
    settled = [settle(one) for one in asked]
    others = Counter(one.sentence for one in settled if not one.done)
    return Outcome(sum(one.done for one in settled), tuple(others.items()))


def _asked(ticked: Ticked, deed: Deed) -> Iterator[Settle]:
    """To replay a finding is to replay its event."""
    if deed is Deed.REPLAY:
        found = InboxFinding.objects.filter(id__in=ticked.findings).values_list("event_id", flat=True)
        yield from (partial(replay_account, one.account_id) for one in ticked.accounts)
        yield from (partial(replay_event, one) for one in sorted({*ticked.events, *found}))
    else:
        yield from (partial(ignore_account, one.account_id, seen=one.seen) for one in ticked.accounts)
        yield from (partial(ignore_event, one) for one in ticked.events)
        yield from (partial(settle_finding, one) for one in ticked.findings)


def _settle(one: Settle, **told: object) -> Settled:
    return one(**told)

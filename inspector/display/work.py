"""Who has an account in hand and until when it is put off, in words, with what the reader may do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from inspector.access import Permission
from inspector.display.deeds import actor_words
from inspector.display.moments import clock_words, date_words
from recon.queries.work import Claim, PutOff


@dataclass(frozen=True, slots=True)
class TypedSnooze:
    """What stands in the form that puts off, with what is wrong with it."""

    day: str = ""
    reason: str = ""
    error: str = ""


NO_SNOOZE = TypedSnooze()


@dataclass(frozen=True, slots=True)
class WorkView:
    """`is_mine`: the reader has it in hand; `holder`: somebody else has. `query` is the queue it was taken from."""

    permission: Permission
    is_mine: bool
    holder: str
    until: str
    query: str
    put_off_until: str
    put_off_by: str
    put_off_why: str
    typed: TypedSnooze
    tomorrow: str

    @property
    def is_opened(self) -> bool:
        return bool(self.typed.error)


def work_view(
    claim: Claim | None, put_off: PutOff | None, permission: Permission, typed: TypedSnooze, *, me: str, now: datetime
) -> WorkView:
    is_mine = claim is not None and claim.person == me
    return WorkView(
        permission=permission,
        is_mine=is_mine,
        holder=actor_words(claim.person) if claim and not is_mine else "",
        until=clock_words(claim.until, now)[:-3] if claim else "",
        query=claim.query if claim and is_mine else "",
        put_off_until=date_words(put_off.until) if put_off else "",
        put_off_by=actor_words(put_off.person) if put_off else "",
        put_off_why=put_off.reason if put_off else "",
        typed=typed,
        tomorrow=date_words(now + timedelta(days=1)),
    )

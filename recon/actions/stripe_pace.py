"""How fast bulk runs may ask Stripe, all of them together, kept in one row: it holds across workers and restarts.

A second's worth may go at once; after that each item waits for its turn (the generic cell rate algorithm, which needs
one moment alone). Stripe limits an account to 100 requests a second live and 25 in a sandbox, all of its traffic
together (https://docs.stripe.com/rate-limits). A 429 halves the pace, and half a minute without one doubles it again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from recon.models import StripePace

NAME: Final = "bulk"
REQUESTS_EACH: Final = 8  # of one account: five lists and objects before, the call, its metadata, a look when in doubt
AT_ONCE: Final = timedelta(seconds=1)
MOST_HALVINGS: Final = 5
REST: Final = timedelta(seconds=5)  # after a 429 nothing is handed out; those of the same burst count once
DOUBLE_AFTER: Final = timedelta(seconds=30)


@dataclass(slots=True)
class Pace:
    """The row, locked for this transaction."""

    row: StripePace
    now: datetime

    @property
    def turn(self) -> timedelta:
        """How long one item keeps the next one waiting."""
        slower: int = 2**self.row.halvings
        return timedelta(seconds=REQUESTS_EACH / max(settings.BULK_STRIPE_PER_SECOND, 0.1)) * slower

    def affords(self) -> int:
        """How many items may go now."""
        return max(0, (self.now - self._paid_until()) // self.turn)

    def spend(self, items: int) -> None:
        if items:
            self.row.next_at = self._paid_until() + items * self.turn
            self.row.save(update_fields=["next_at"])

    def _paid_until(self) -> datetime:
        return max(self.row.next_at, self.now - max(AT_ONCE, self.turn))


def pace_at(now: datetime, *, always: bool) -> Pace | None:
    """Inside a transaction. Not `always`: None while Stripe has not complained."""
    if not always and not StripePace.objects.filter(name=NAME, halvings__gt=0).exists():
        return None
    row = _locked(now)
    if row.halvings and row.slowed_at is not None and now - row.slowed_at >= DOUBLE_AFTER:
        row.halvings, row.slowed_at = row.halvings - 1, now
        row.save(update_fields=["halvings", "slowed_at"])
    return Pace(row, now)


def slow_down(now: datetime) -> None:
    """Stripe said too many requests. Inside a transaction."""
    row = _locked(now)
    if row.halvings and row.slowed_at is not None and now - row.slowed_at < REST:
        return
    row.halvings, row.slowed_at = min(row.halvings + 1, MOST_HALVINGS), now
    row.next_at = max(row.next_at, now + REST)
    row.save(update_fields=["halvings", "slowed_at", "next_at"])


def _locked(now: datetime) -> StripePace:
    StripePace.objects.bulk_create([StripePace(name=NAME, next_at=now - AT_ONCE)], ignore_conflicts=True)
    return StripePace.objects.select_for_update().get(name=NAME)

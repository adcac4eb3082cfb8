"""What stands in everybody's way to an account's plan at one moment, as an apply asks for it."""

from collections.abc import Collection
from datetime import UTC, datetime

from recon.actors import name_of
from recon.apply.order import Barred
from recon.queries.barred import Acceptance, bars_of
from recon.queries.read_only import why_read_only


def barred_now(
    account_id: str, classes: Collection[str], places: Collection[str], *, has_cells: bool, now: datetime
) -> Barred:
    """`classes` are those of its drift, `places` (`store.table.column`) what its plan writes."""
    bars = bars_of(account_id, classes, has_cells=has_cells, now=now)
    accepted = _words(bars.acceptance) if bars.acceptance else ""
    return Barred(bars.observed, accepted, why_read_only(places, bars.read_only))


def _words(acceptance: Acceptance) -> str:
    return f"until {acceptance.until.astimezone(UTC):%Y-%m-%d} by {name_of(acceptance.by)}: “{acceptance.reason}”"

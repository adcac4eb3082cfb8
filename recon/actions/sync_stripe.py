"""Fill or refresh the mirror of Stripe by its lists, page by page; cut off anywhere, it goes on where it was.

What a finished pass did not show any more is removed. The mirror is as of the moment the pass began.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from django.db import connection, transaction

from recon.actions.keep_snapshots import storable_json
from recon.models import MirrorSync, StripeObject
from recon.queries.mirror import KINDS

log = logging.getLogger(__name__)

GIVE_UP_RESUMING_AFTER = timedelta(hours=1)
ONE_AT_A_TIME = 7_305_001  # key of the advisory lock that keeps two passes from removing what the other just read
# The page comes as one JSON text: quoting as many texts full of quotation marks takes longer than all the rest.
UPSERT = """
insert into stripe_object as known (id, kind, customer, account_id, body, content_hash, read_at)
select id, %s, customer, account_id, body, content_hash, %s
from jsonb_to_recordset(%s) as page (id text, customer text, account_id text, body jsonb, content_hash text)
order by id  -- the same order for all, so that two who keep the same objects wait instead of blocking each other
on conflict (id) do update
set kind = excluded.kind, customer = excluded.customer, account_id = excluded.account_id, body = excluded.body,
    content_hash = excluded.content_hash, read_at = excluded.read_at
where known.read_at <= excluded.read_at
"""
CUSTOMER_OF = "select id, customer from stripe_object where id = any(%s)"

Page = Sequence[Mapping[str, Any]]
Report = Callable[[int, int | None], None]


class StripeLists(Protocol):
    """What the mirror needs of Stripe: the pages of one list, newest first, from after an object on."""

    def list_all(self, kind: str, starting_after: str | None = None) -> Iterator[Page]: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many requests a second, so that a pass leaves room below Stripe's limit."""

    requests_per_second: float

    def each(self, pages: Iterator[Page]) -> Iterator[Page]:
        while True:
            began = time.monotonic()
            page = next(pages, None)
            if page is None:
                return
            yield page
            time.sleep(max(0.0, 1 / self.requests_per_second - (time.monotonic() - began)))


def sync_stripe(stripe: StripeLists, *, clock: Callable[[], datetime], pace: Pace, report: Report) -> MirrorSync:
    """The pass, finished: one that began after this was asked for. Waits for another that is under way."""
    asked_at = clock()
    with _only_one():
        done = MirrorSync.objects.filter(started_at__gte=asked_at, completed_at__isnull=False).first()
        if done is not None:
            return done
        sync = _open_sync(asked_at)
        report(sync.objects_read, None)
        for kind in KINDS[KINDS.index(sync.kind) :]:
            _read_list(sync, kind, stripe, clock, pace, report)
        _finish(sync, clock())
    return sync


def keep_objects(kind: str, objects: Page, read_at: datetime) -> int:
    """Into the mirror; an object seen later than `read_at` stays. The number of usable ones."""
    usable = [one for one in objects if isinstance(one, Mapping) and isinstance(one.get("id"), str)]
    if len(usable) < len(objects):
        log.warning("stripe list shows objects without an id", extra={"kind": kind})
    owners = _owners_of_disputes(usable) if kind == "disputes" else {}
    rows = ",".join(_row(kind, one, owners) for one in usable)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [kind, read_at, f"[{rows}]"])
    return len(usable)


def _row(kind: str, one: Mapping[str, Any], owners: Mapping[str, str]) -> str:
    """One row of the mirror as JSON text, the object in it as it stands."""
    body = storable_json(one)
    columns = {
        "id": one["id"],
        "customer": _customer(kind, one, owners),
        "account_id": claim_of(one) if kind == "customers" else None,
        "content_hash": sha256(body.encode()).hexdigest(),
    }
    return f'{storable_json(columns)[:-1]},"body":{body}}}'


@contextmanager
def _only_one() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _open_sync(now: datetime) -> MirrorSync:
    MirrorSync.objects.filter(completed_at__isnull=True, started_at__lt=now - GIVE_UP_RESUMING_AFTER).delete()
    unfinished = MirrorSync.objects.filter(completed_at__isnull=True).order_by("-started_at").first()
    return unfinished or MirrorSync.objects.create(started_at=now, kind=KINDS[0])


def _read_list(
    sync: MirrorSync, kind: str, stripe: StripeLists, clock: Callable[[], datetime], pace: Pace, report: Report
) -> None:
    if sync.kind != kind:
        sync.kind, sync.cursor = kind, None
    asked_at = clock()
    for page in pace.each(iter(stripe.list_all(kind, starting_after=sync.cursor))):
        with transaction.atomic():
            sync.objects_read += keep_objects(kind, page, asked_at)
            sync.cursor = page[-1]["id"] if page else sync.cursor
            sync.save()
        report(sync.objects_read, None)
        asked_at = clock()


def _finish(sync: MirrorSync, now: datetime) -> None:
    with transaction.atomic():
        sync.objects_removed, _ = StripeObject.objects.filter(read_at__lt=sync.started_at).delete()
        sync.completed_at = now
        sync.save()


def _customer(kind: str, one: Mapping[str, Any], owners: Mapping[str, str]) -> str | None:
    if kind == "customers":
        return str(one["id"])
    if kind == "disputes":
        return next((owners[ref] for ref in _refs(one) if ref in owners), None)
    return id_of(one.get("customer"))


def claim_of(customer: Mapping[str, Any]) -> str | None:
    """The account that a customer names in its own metadata."""
    metadata = customer.get("metadata")
    claimed = metadata.get("account_id") if isinstance(metadata, Mapping) else None
    return claimed if isinstance(claimed, str) and claimed else None


def _owners_of_disputes(disputes: Page) -> dict[str, str]:
    """Charge or payment intent → its customer: a dispute names no customer, and its charge was listed before it."""
    refs = sorted({ref for dispute in disputes for ref in _refs(dispute)})
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMER_OF, [refs])
        return {id: customer for id, customer in cursor.fetchall() if customer}


def _refs(dispute: Mapping[str, Any]) -> list[str]:
    return [ref for ref in (id_of(dispute.get("charge")), id_of(dispute.get("payment_intent"))) if ref]


def id_of(reference: object) -> str | None:
    """The id of what Stripe gives as an id or, expanded, as the whole object."""
    if isinstance(reference, Mapping):
        reference = reference.get("id")
    return reference if isinstance(reference, str) else None

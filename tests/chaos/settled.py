"""What must hold when the outside is quiet, all runs again and nothing is left to do. Each breach is a sentence."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db.models import F

from recon.actions import equipment
from recon.actions.evaluate import evaluate
from recon.actions.keep_snapshots import canonical_json
from recon.actions.publish_events import STREAM
from recon.actions.read_stores import read_live
from recon.actions.verify_audit import verify_audit
from recon.models import (
    LIVE_STATES,
    AccountState,
    Apply,
    ApplyBranch,
    ApplyCall,
    ApplyState,
    AuditEntry,
    BranchState,
    Dirty,
    FindingKind,
    Inbox,
    InboxFinding,
    InboxMark,
    InboxStatus,
    OutboxEvent,
)
from tests.chaos.sender import Tally

EFFECT_OF = {"invoices.void_invoice": "invoice.voided"}
TOLD_ONCE = ("repair.applied", "repair.finished", "repair.needs_person")


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done; all zero is rest."""

    due: int
    live_applies: int
    unpublished: int
    unrouted: int
    prepared: int

    @property
    def is_nothing(self) -> bool:
        return not any((self.due, self.live_applies, self.unpublished, self.unrouted, self.prepared))


def left(admin_url: str, nobodies: Collection[str]) -> Left:
    unrouted = Inbox.objects.filter(status=InboxStatus.UNROUTED).exclude(event_id__in=list(nobodies))
    return Left(
        due=open_marks(),
        live_applies=Apply.objects.filter(state__in=LIVE_STATES).count(),
        unpublished=OutboxEvent.objects.filter(published_at__isnull=True).count(),
        unrouted=unrouted.count(),
        prepared=prepared(admin_url),
    )


def open_marks() -> int:
    """Accounts that have to be evaluated again."""
    return Dirty.objects.filter(gen__gt=F("done_gen"), parked=False).count()


def prepared(admin_url: str) -> int:
    with psycopg.connect(admin_url) as conn:
        row = conn.execute("select count(*) from pg_prepared_xacts").fetchone()
    return int(row[0]) if row else 0


def stale_accounts() -> dict[str, str]:
    """Accounts whose kept answer is not what the stores give now, by the same clock; with what differs."""
    sweeper = equipment.sweeper()
    found = {}
    for kept in AccountState.objects.select_related("evaluation").order_by("account_id"):
        readings = read_live(sweeper.stores, kept.account_id)
        fresh = evaluate(kept.account_id, readings, sweeper.rules, kept.evaluated_at).answer
        if sha256(canonical_json(fresh).encode()).hexdigest() != kept.evaluation.content_hash:
            found[kept.account_id] = _difference(fresh, kept)
    return found


def lost_events(tally: Tally) -> Iterator[str]:
    """B2 and Q1: what was accepted is in the inbox, once, and something became of it."""
    known = {(row.source, row.event_id): row for row in Inbox.objects.defer("body")}
    done = dict(Dirty.objects.values_list("account", "done_gen"))
    parked = set(Dirty.objects.filter(parked=True).values_list("account", flat=True))
    marks: dict[int, list[tuple[str, int]]] = {}
    for event_id, account, gen in InboxMark.objects.values_list("event_id", "account_id", "gen"):
        marks.setdefault(event_id, []).append((account, gen))
    for event in tally.accepted:
        if event not in known:
            yield f"{event} was accepted and is not in the inbox"
    for event, row in known.items():
        if row.event_id.startswith("forged_"):
            yield f"{event} has a wrong signature and is in the inbox"
        if row.status == InboxStatus.ROUTED and row.id not in marks:
            yield f"{event} marked nobody"
        if row.status in (InboxStatus.DEAD, InboxStatus.IGNORED) and not row.note and row.refs:
            yield f"{event} is {row.status}, and nobody says why"
        late = [one for one in marks.get(row.id, []) if one[1] > done.get(one[0], 0) and one[0] not in parked]
        if late:
            yield f"{event} has marked {late}, which nobody has answered"
    odd = set(InboxFinding.objects.filter(kind=FindingKind.OTHER_BODY).values_list("event__event_id", flat=True))
    yield from (f"{event} came with two bodies, and nobody was told" for event in _two_bodies(tally) - odd)


def undelivered(lost_stream_at: float) -> list[str]:
    """Events that were not published, or that are not in the stream though it forgot nothing since they were."""
    with redis.Redis.from_url(settings.REDIS_URL) as stream:
        there = {fields[b"event_id"].decode() for _, fields in stream.xrange(STREAM)}
    since = datetime.fromtimestamp(lost_stream_at, UTC)
    events = OutboxEvent.objects.values_list("event_id", "published_at")
    return [str(id) for id, at in events if at is None or (at > since and str(id) not in there)]


def out_of_order() -> list[str]:
    """Accounts whose events came in another order than they were decided, by their first coming."""
    with redis.Redis.from_url(settings.REDIS_URL) as stream:
        entries = [fields for _, fields in stream.xrange(STREAM)]
    seen: set[bytes] = set()
    last: dict[str, int] = {}
    wrong = []
    for fields in entries:
        account, sequence = fields[b"account_id"].decode(), int(fields[b"sequence"])
        if fields[b"event_id"] not in seen and sequence < last.get(account, 0):
            wrong.append(account)
        seen.add(fields[b"event_id"])
        last[account] = max(sequence, last.get(account, 0))
    return wrong


def broken_applies() -> Iterator[str]:
    """A1 and A4: each closed, all or none of its branches."""
    for apply in Apply.objects.filter(state__in=LIVE_STATES):
        yield f"apply {apply.id} is still {apply.state}"
    ended = {
        ApplyState.DONE: {BranchState.COMMITTED},
        ApplyState.ABORTED: {BranchState.ROLLED_BACK},
    }
    for branch in ApplyBranch.objects.select_related("apply").filter(apply__state__in=ended):
        if branch.state not in ended[ApplyState(branch.apply.state)]:
            yield f"apply {branch.apply_id} is {branch.apply.state}, its branch in {branch.store} {branch.state}"
    exceptions = Apply.objects.filter(state=ApplyState.EXCEPTION, explanation="")
    yield from (f"apply {apply.id} needs a person and does not say why" for apply in exceptions)


def double_applies(twin_url: str) -> list[str]:
    """A3: decided, told and done in Stripe at most once."""
    found = []
    entries = AuditEntry.objects.filter(action__in=TOLD_ONCE).values_list("apply_id", "action")
    found += [f"apply {id}: {action} {n} times" for (id, action), n in Counter(entries).items() if n > 1]
    told = OutboxEvent.objects.filter(kind="repair.applied").values_list("cause", flat=True)
    found += [f"{cause} was told {n} times" for cause, n in Counter(told).items() if n > 1]
    committed = (ApplyState.DONE, ApplyState.EXCEPTION)
    calls = ApplyCall.objects.filter(verb__in=EFFECT_OF, apply__state__in=committed)
    wanted = Counter((EFFECT_OF[call.verb], call.object_id) for call in calls)
    happened = _effects(twin_url)
    found += [f"{what} {n} times for {wanted[what]} applies" for what, n in happened.items() if n > wanted[what]]
    return found


def audit_problem() -> str:
    return verify_audit((), key=settings.AUDIT_KEY.encode()).problem


def _effects(twin_url: str) -> Counter[tuple[str, str]]:
    """(type of event, object) → how often a call took effect in Stripe."""
    with psycopg.connect(twin_url) as conn:
        rows = conn.execute(
            "select body->>'type', body->'data'->'object'->>'id' from objects"
            " where kind = 'event' and body->>'type' = any(%s)",
            [list(EFFECT_OF.values())],
        )
        return Counter((str(kind), str(object_id)) for kind, object_id in rows)


def _two_bodies(tally: Tally) -> set[str]:
    """Those of which both were accepted; the first may have been either."""
    return {event_id for source, event_id in tally.other_bodies if tally.accepted[source, event_id] > 1}


def _difference(fresh: Mapping[str, Any], kept: AccountState) -> str:
    before = kept.evaluation
    return (
        f"{before.state} → {(fresh['truth'] or {}).get('state')}, digest {before.digest[:8]} → "
        f"{fresh['plan']['digest'][:8]}, reasons {before.reasons} → {fresh['reasons']}, evaluated {kept.evaluated_at}"
    )

"""The headlines once more, from the six stores themselves: nothing of our own tables is read.

A repair that only looked done to us (a snapshot not refreshed, a mirror that is behind) is found here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from recon.actions.evaluate import Rules, evaluate
from recon.actions.read_stores import DATABASES, WITHOUT_SCOPE, Stores, bulk
from recon.actions.sync_stripe import id_of
from recon.engine.facts import Reading, StoreName
from recon.queries.drift import Headlines
from recon.queries.mirror import KINDS, MirroredObject, MirrorObjects, Wanted
from recon.stores.base import Scope, scope_from_links, scope_with_ledger
from recon.stores.stripe import StripeStore

CHUNK = 500
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Proof:
    """Accounts: all, by headline, with any cell that differs from the truth, with a verdict unknown."""

    accounts: int
    headlines: Headlines
    drifted: int
    unknown: int


@dataclass(frozen=True, slots=True)
class StripeAsListed:
    """All of Stripe's lists, read just now. `claims`: account → customers whose metadata names it."""

    objects: MirrorObjects
    claims: Mapping[str, tuple[str, ...]]
    as_of: datetime


def prove(stores: Stores, stripe: StripeStore, rules: Rules, now: datetime) -> Proof:
    """Evaluate every account on what the stores say now. StoreError: a list or a roster could not be read."""
    listed = list_stripe(stripe, now)
    counts = dict.fromkeys(("accounts", "stuck", "inconsistent", "flagged", "drifted", "unknown"), 0)
    roster = iter(sorted({*_roster(stores), *listed.claims}))
    while chunk := list(islice(roster, CHUNK)):
        for account_id, readings in _read(stores, listed, chunk):
            _count(counts, evaluate(account_id, readings, rules, now).answer)
    headlines = Headlines(counts["stuck"], counts["inconsistent"], counts["flagged"])
    return Proof(counts["accounts"], headlines, counts["drifted"], counts["unknown"])


def list_stripe(stripe: StripeStore, now: datetime) -> StripeAsListed:
    found: list[MirroredObject] = []
    owner_of: dict[str, str] = {}
    claims: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        for body in (one for page in stripe.list_all(kind) for one in page):
            owner = body["id"] if kind == "customers" else _owner(body, owner_of)
            if kind in ("charges", "payment_intents") and owner:
                owner_of[body["id"]] = owner
            if kind == "customers" and (account := (body.get("metadata") or {}).get("account_id")):
                claims[account] = (*claims.get(account, ()), body["id"])
            found.append(MirroredObject(body["id"], kind, owner, body))
    return StripeAsListed(MirrorObjects(found), claims, now)


def _owner(body: Mapping[str, Any], owner_of: Mapping[str, str]) -> str | None:
    """The customer; a dispute's is that of what it disputes."""
    disputed = (owner_of.get(id_of(body.get(name)) or "") for name in ("charge", "payment_intent"))
    return id_of(body.get("customer")) or next(filter(None, disputed), None)


def _roster(stores: Stores) -> Iterator[str]:
    for name in DATABASES:
        after = ""
        while page := bulk(stores, name).account_ids(after, PAGE):
            yield from page
            after = page[-1]


def _read(
    stores: Stores, listed: StripeAsListed, account_ids: Sequence[str]
) -> Iterator[tuple[str, tuple[Reading, ...]]]:
    links = bulk(stores, StoreName.SUBS_CUSTOMER).read_many([Scope.of(account_id) for account_id in account_ids])
    scopes = [_with_claims(scope_from_links(account_id, links[account_id]), listed) for account_id in account_ids]
    ledger = bulk(stores, StoreName.BILLING_PROD).read_many(scopes)
    others = [bulk(stores, name).read_many(scopes) for name in WITHOUT_SCOPE]
    for scope in scopes:
        account_id = scope.account_id
        stripe = _stripe(stores, listed, scope_with_ledger(scope, ledger[account_id]))
        yield account_id, (links[account_id], ledger[account_id], *(other[account_id] for other in others), stripe)


def _with_claims(scope: Scope, listed: StripeAsListed) -> Scope:
    claimed = {customer for member in scope.family for customer in listed.claims.get(member, ())}
    return replace(scope, stripe_customer_ids=tuple(sorted(claimed | set(scope.stripe_customer_ids))))


def _stripe(stores: Stores, listed: StripeAsListed, scope: Scope) -> Reading:
    """Out of the lists; asked for by name where lists cannot tell, as of a deleted customer."""
    wanted = Wanted(scope.stripe_customer_ids, scope.stripe_invoice_ids)
    if listed.objects.suffices(wanted):
        return Reading(StoreName.STRIPE, listed.as_of, listed.objects.tables(wanted))
    return stores[StoreName.STRIPE].read(scope)


def _count(counts: dict[str, int], answer: Mapping[str, Any]) -> None:
    drift = answer["drift"]
    contradicts = "inconsistent_debt_flags" in drift["classes"] and "wrong" not in drift["details"]
    counts["accounts"] += 1
    counts["stuck"] += "stuck" in drift["details"]
    counts["inconsistent"] += contradicts
    counts["flagged"] += "flagged_but_paid" in drift["details"]
    counts["drifted"] += bool(drift["cells"])
    counts["unknown"] += answer["verdict"] != "known"

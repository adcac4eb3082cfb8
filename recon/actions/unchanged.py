"""Prove accounts unchanged instead of evaluating them again: the same rows, by the same rules, give the same answer.

With an account's state stands the fingerprint of all rows that its evaluation read, taken in the snapshots in which
they were read, and of the rules: the policy, the mode, and the code that reads, judges and keeps. The servers say what
the fingerprint is now; where it is equal, and no moment has come at which time alone changes the answer, only the date
of the latest look moves on.

An account is proved only while there is nothing to say of it: drift and findings are looked at anew by every sweep. One
whose rows are not its own alone (merged, sharing a customer) is evaluated always. Whoever else keeps an evaluation
leaves no fingerprint, so that what changed and changed back cannot pass for unchanged.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.db import connection

import recon
from recon.actions.evaluate import Rules
from recon.actions.keep_evaluations import Evaluated, is_known, reads_of
from recon.actions.keep_snapshots import canonical_json
from recon.actions.read_stores import Stores, fingerprints_of
from recon.engine.facts import Reading, StoreName
from recon.queries.mirror import mirror_as_of
from recon.stores.base import StoreError

log = logging.getLogger(__name__)

# A change of any of these makes every account be evaluated once: what they do with the same rows may be another thing.
CODE: Final = (
    "engine/**/*.py",
    "stores/**/*.py",
    "actions/evaluate.py",
    "actions/keep_*.py",
    "actions/read_stores.py",
    "queries/handles.py",
    "queries/mirror.py",
)
KEPT: Final = """
select account_id, fingerprint from account_state
where account_id = any(%(accounts)s) and fingerprint is not null and evaluated_at <= %(now)s
  and (fingerprint_until is null or fingerprint_until > %(now)s)
  and policy_version is not distinct from %(version)s
"""
# Whoever holds a row evaluates that account just now: its date moves on by that.
LOOKED_AT: Final = """
update account_state set evaluated_at = %(now)s, reads = %(reads)s
where account_id in (
    select state.account_id
    from unnest(%(accounts)s::text[], %(fingerprints)s::bigint[]) as proved (account_id, fingerprint)
    join account_state as state on state.account_id = proved.account_id and state.fingerprint = proved.fingerprint
    where state.evaluated_at <= %(now)s
    for update of state skip locked
)
"""


@dataclass(frozen=True, slots=True)
class Proved:
    """The accounts that every store, asked after `at`, and the mirror as of `mirrored_at` show unchanged, with their
    fingerprints."""

    at: datetime
    mirrored_at: datetime | None
    fingerprints: Mapping[str, int]


def with_fingerprint(evaluated: Evaluated, fingerprint: int | None, rules: Rules) -> Evaluated:
    """With the fingerprint of its rows and of the rules, where there is nothing to say of the account."""
    if fingerprint is None or not _is_quiet(evaluated.answer):
        return evaluated
    return replace(evaluated, fingerprint=fingerprint ^ of_rules(rules))


def prove_unchanged(account_ids: Sequence[str], stores: Stores, rules: Rules, now: datetime) -> Proved:
    """Those among them that would be evaluated as they were. None where a store is silent: whoever evaluates them says
    why."""
    mirrored_at, kept, same = mirror_as_of(), _kept(account_ids, rules, now), {}
    if kept and mirrored_at is not None:
        try:
            found, salt = fingerprints_of(stores, list(kept)), of_rules(rules)
            same = {account_id: number for account_id, number in kept.items() if found[account_id] ^ salt == number}
        except StoreError as error:
            log.warning("no account was proved unchanged", extra={"reason": error.sentence})
    return Proved(now, mirrored_at, same)


def keep_looked_at(proved: Proved) -> None:
    """What the stores said stays, as of then; whoever was evaluated since stays as that left it."""
    if proved.fingerprints:
        given: dict[str, Any] = {
            "accounts": list(proved.fingerprints),
            "fingerprints": list(proved.fingerprints.values()),
            "now": proved.at,
            "reads": canonical_json(_reads(proved)),
        }
        with connection.cursor() as cursor:
            cursor.execute(LOOKED_AT, given)


def _kept(account_ids: Sequence[str], rules: Rules, now: datetime) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(KEPT, {"accounts": list(account_ids), "now": now, "version": rules.version})
        return dict(cursor.fetchall())


def _is_quiet(answer: Mapping[str, Any]) -> bool:
    return is_known(answer) and not (answer["drift"]["cells"] or answer["findings"] or answer["plan"]["proposals"])


def _reads(proved: Proved) -> dict[str, dict[str, Any]]:
    as_of = {StoreName.STRIPE: proved.mirrored_at}
    return reads_of([Reading(store, as_of.get(store, proved.at), {}) for store in StoreName])


def of_rules(rules: Rules) -> int:
    """The part of every fingerprint that is not of rows."""
    told = sha256(_code())
    told.update(f"{rules.policy_hash} {rules.livemode}".encode())
    return int.from_bytes(told.digest()[:8], signed=True)


@cache
def _code() -> bytes:
    root = Path(recon.__file__).parent
    told = sha256()
    for path in sorted({path for pattern in CODE for path in root.glob(pattern)}):
        told.update(path.read_bytes())
    return told.digest()

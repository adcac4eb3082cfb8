"""Prove accounts unchanged instead of evaluating them again: the same rows, by the same rules, give the same answer.

With an account's state stands the fingerprint of all rows that its evaluation read, taken in the snapshots in which
they were read, and which rules judged them: the policy's numbers, the mode, and the code that reads, judges and keeps.
The servers say what the fingerprint is now, of each account here, or of many folded into one (`unchanged_shards`).
Where it is equal, and no moment has come at which time alone changes the answer, the account is as it was.

An account is steady, and may be proved, only while there is nothing to say of it: drift and findings are looked at
anew by every sweep. One whose rows are not its own alone (merged, sharing a customer) is evaluated always. Whoever else
keeps an evaluation leaves no fingerprint, so that what changed and changed back cannot pass for unchanged.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.db import connection

import recon
from recon.actions.evaluate import Rules
from recon.actions.keep_evaluations import Evaluated, is_known, reads_of
from recon.actions.read_stores import ChunkReading, Stores, fingerprints_of
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
STEADY: Final = """
steady_by is not distinct from %(rules)s and policy_version is not distinct from %(version)s
and (fingerprint_until is null or fingerprint_until > %(now)s)
"""
KEPT: Final = f"""
select account_id, fingerprint from account_state
where account_id = any(%(accounts)s) and fingerprint is not null and evaluated_at <= %(now)s and {STEADY}
"""


def with_fingerprint(evaluated: Evaluated, said: ChunkReading, rules: Rules) -> Evaluated:
    """With the fingerprint of the account's rows; steady by these rules, where they are its own and there is nothing to
    say of it."""
    steady = said.is_its_own and _is_quiet(evaluated.answer)
    return replace(evaluated, fingerprint=said.fingerprint, steady_by=of_rules(rules) if steady else None)


def prove_unchanged(account_ids: Sequence[str], stores: Stores, rules: Rules, now: datetime) -> frozenset[str]:
    """Those among them that would be evaluated as they were. None where a store is silent: whoever evaluates them says
    why."""
    kept = _kept(account_ids, rules, now)
    if not kept or mirror_as_of() is None:
        return frozenset()
    try:
        found = fingerprints_of(stores, list(kept))
    except StoreError as error:
        log.warning("no account was proved unchanged", extra={"reason": error.sentence})
        return frozenset()
    return frozenset(account_id for account_id, number in kept.items() if found[account_id] == number)


def reads_at(now: datetime) -> dict[str, dict[str, Any]] | None:
    """How each store is read by whoever proves accounts unchanged from now on; None where nobody can be."""
    mirrored_at = mirror_as_of()
    if mirrored_at is None:
        return None
    as_of = {StoreName.STRIPE: mirrored_at}
    return reads_of([Reading(store, as_of.get(store, now), {}) for store in StoreName])


def steadiness(rules: Rules, now: datetime) -> dict[str, Any]:
    """What the condition STEADY is given."""
    return {"rules": of_rules(rules), "version": rules.version, "now": now}


def of_rules(rules: Rules) -> int:
    """Eight bytes that tell these rules from others."""
    told = sha256(_code())
    told.update(f"{rules.policy_hash} {rules.livemode}".encode())
    return int.from_bytes(told.digest()[:8], signed=True)


def _kept(account_ids: Sequence[str], rules: Rules, now: datetime) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(KEPT, {"accounts": list(account_ids), **steadiness(rules, now)})
        return dict(cursor.fetchall())


def _is_quiet(answer: Mapping[str, Any]) -> bool:
    return is_known(answer) and not (answer["drift"]["cells"] or answer["findings"] or answer["plan"]["proposals"])


@cache
def _code() -> bytes:
    root = Path(recon.__file__).parent
    told = sha256()
    for path in sorted({path for pattern in CODE for path in root.glob(pattern)}):
        told.update(path.read_bytes())
    return told.digest()

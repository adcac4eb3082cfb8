"""Recompute one account: read the six stores live, let the rules decide, keep what they said and what it means."""

from datetime import datetime

from django.db import transaction

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import Evaluated, keep_evaluations
from recon.actions.keep_recompute import asked_by, found_in, keep_recomputes
from recon.actions.mirror_live import mirror_live
from recon.actions.read_stores import Stores, read_live
from recon.models import AccountState, Trigger
from recon.under_way import under_way


def recompute_account(
    account_id: str, *, stores: Stores, rules: Rules, now: datetime, trigger: Trigger, actor: str
) -> Evaluated:
    """The account's answer and the readings behind it. Nothing is written to any store, and nothing is kept of an
    account that is none."""
    with under_way("recompute", account_id=account_id) as work:
        evaluated = evaluate(account_id, read_live(stores, account_id), rules, now)
        if _is_nobody(evaluated):
            work.say(outcome="nobody")
            return evaluated
        mirror_live(account_id, evaluated.readings)
        with transaction.atomic():
            states = keep_evaluations([evaluated], trigger=trigger, actor=actor)
            keep_recomputes({account_id: asked_by(trigger, actor, now)}, states, {account_id: now})
        work.say(outcome="kept", **found_in(evaluated))
    return evaluated


def _is_nobody(evaluated: Evaluated) -> bool:
    """A slip of the pen: every store answered, none has a row of it, and it was never looked at before."""
    has_rows = any(rows for read in evaluated.readings for rows in read.tables.values())
    if has_rows or not all(read.ok for read in evaluated.readings):
        return False
    return not AccountState.objects.filter(account_id=evaluated.account_id).exists()

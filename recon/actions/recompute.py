"""Recompute one account: read the six stores live, let the rules decide, keep what they said and what it means."""

from datetime import datetime

from django.db import transaction

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import Evaluated, keep_evaluations
from recon.actions.keep_recompute import asked_by, found_in, keep_recomputes
from recon.actions.mirror_live import mirror_live
from recon.actions.read_stores import Stores, read_live
from recon.models import Trigger
from recon.under_way import under_way


def recompute_account(
    account_id: str, *, stores: Stores, rules: Rules, now: datetime, trigger: Trigger, actor: str
) -> Evaluated:
    """The account's answer and the readings behind it. Nothing is written to any store."""
    with under_way("recompute", account_id=account_id) as work:
        evaluated = evaluate(account_id, read_live(stores, account_id), rules, now)
        mirror_live(account_id, evaluated.readings)
        with transaction.atomic():
            states = keep_evaluations([evaluated], trigger=trigger, actor=actor)
            keep_recomputes({account_id: asked_by(trigger, actor, now)}, states, {account_id: now})
        work.say(outcome="kept", **found_in(evaluated))
    return evaluated

"""`manage.py apply ACCOUNT --digest D --reason R --as USER`: approve one plan and apply it, all of it or nothing."""

import json
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from recon import actors
from recon.actions.approve_and_apply import approve_and_apply
from recon.apply.coordinator import Outcome, Result
from recon.engine.plan import Plan
from recon.management.embedded import EmbeddedCommand


class Command(EmbeddedCommand):
    help = "Approve the plan with this digest, as a user, and apply it to every store it touches, or to none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT")
        parser.add_argument("--digest", required=True, help="the plan's digest, as `recompute` shows it")
        parser.add_argument("--reason", required=True, help="why; kept in the audit")
        parser.add_argument("--as", dest="username", required=True, metavar="USER", help="who approves it")
        parser.add_argument(
            "--proposal", metavar="VERB:OBJECT", help="one Stripe proposal of the plan, approved with it"
        )
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle(self, *args: Any, account: str, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}; name one who may approve this.")
        if not options["reason"].strip():
            raise CommandError("Say why with --reason: the audit keeps it.")
        result = approve_and_apply(
            account,
            digest=options["digest"],
            actor=actors.person(user.get_username()),
            reason=options["reason"],
            groups=user.groups.values_list("name", flat=True),
            proposal=options["proposal"],
        )
        self._tell(account, result, as_json=options["json"])
        if result.outcome is not Outcome.APPLIED:
            raise SystemExit(1)

    def _tell(self, account: str, result: Result, *, as_json: bool) -> None:
        plan = result.evaluation.plan if result.evaluation else None
        if as_json:
            told = {
                "account_id": account,
                "outcome": result.outcome,
                "code": result.code,
                "message": result.sentence,
                "apply_id": str(result.apply_id) if result.apply_id else None,
                "digest": plan.digest if plan else None,
                "writes": len(plan.writes) if plan else None,
            }
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(f"{account}: {result.outcome}: {result.sentence}")
        if result.code == "stale" and plan is not None:
            self.stdout.write(_plan_now(plan))


def _plan_now(plan: Plan) -> str:
    if plan.risk is None:
        return "  There is nothing to write now: every store holds what is true."
    if not plan.writes:
        return f"  The plan now is {plan.risk} and withheld, because the account's identity is in doubt."
    return f"  The plan now: {len(plan.writes)} writes, {plan.risk}, digest {plan.digest}"

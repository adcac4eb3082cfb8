"""`manage.py recompute ACCOUNT`: read the six stores now, say what is true, keep it; nothing is written to a store."""

import json
from argparse import ArgumentParser
from typing import Any

from recon.actions import equipment
from recon.actions.keep_evaluations import Evaluated
from recon.actions.look_again import look_again
from recon.engine.case import case_json
from recon.management.embedded import EmbeddedCommand


class Command(EmbeddedCommand):
    help = "Recompute one account from the six stores, live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT")
        shape = parser.add_mutually_exclusive_group()
        shape.add_argument("--json", action="store_true", help="the answer, as `explain` prints it")
        shape.add_argument("--case", action="store_true", help="what the stores said, as `explain` reads it")

    def handle(self, *args: Any, account: str, **options: Any) -> None:
        evaluated = look_again(account, actor="terminal")
        if options["case"]:
            rules = equipment.rules()
            case = case_json(account, evaluated.readings, rules.policy, evaluated.at, livemode=rules.livemode)
            self.stdout.write(json.dumps(case))
        elif options["json"]:
            self.stdout.write(json.dumps(evaluated.answer))
        else:
            self._tell(evaluated)

    def _tell(self, evaluated: Evaluated) -> None:
        answer = evaluated.answer
        if answer["truth"] is None:
            self.stdout.write(f"{evaluated.account_id}: unknown")
        else:
            because = answer["because"].get("state", {})
            self.stdout.write(f"{evaluated.account_id}: {answer['truth']['state']}: {because.get('text', '')}")
        for reason in answer["reasons"]:
            self.stdout.write(f"  unknown: {reason}")
        for cell in answer["drift"]["cells"]:
            key = ",".join(str(part) for part in cell["key"].values())
            place = f"{cell['store']}.{cell['table']}[{key}].{cell['column']}"
            self.stdout.write(f"  {place}: {cell['stored']} → {cell['truth']}, because {cell['rule']}")
        for finding in answer["findings"]:
            self.stdout.write(f"  {finding['class']}: {finding['text']}")
        plan = answer["plan"]
        if plan["writes"]:
            self.stdout.write(f"  plan: {len(plan['writes'])} writes, {plan['risk']}, digest {plan['digest']}")

"""`manage.py follow ACCOUNT`: what befell it lately, and under which request and trace logs and traces tell of each."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from recon.management.embedded import EmbeddedCommand
from recon.management.words import whole
from recon.queries.followed import Followed, followed


class Command(EmbeddedCommand):
    help = "The account's latest events, recomputes, repairs and what was told of it, with their requests and traces."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT")
        parser.add_argument("--most", type=whole(1), default=50, metavar="N", help="how many, the latest (default: 50)")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, account: str, most: int, **options: Any) -> None:
        for one in followed(account, most=most):
            told = json.dumps(asdict(one), cls=DjangoJSONEncoder) if options["json"] else _line(one)
            self.stdout.write(told)


def _line(one: Followed) -> str:
    ids = {"request": one.request_id, "trace": one.trace}
    told = "  ".join(f"{name} {value}" for name, value in ids.items() if value)
    return f"{one.at:%Y-%m-%dT%H:%M:%S.%fZ}  {one.what}  {told}".rstrip()

"""What the product may grant, asked of all accounts in turn, beside a bare view that reads one row of the same table.

Same server, workers and PostgreSQL. Ours knows who asks, counts the calls, and says how old its answer is.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

from recon.actions.make_token import Wanted, make_token
from recon.models import AccountState
from tests.bench.figure import Figure
from tests.bench.rounds import compared
from tests.bench.serving import Endpoint, Request, Sent, send, served

OURS: Final = Endpoint("ours", "inspector.wsgi:application", "/api/v1/accounts/")
BARE: Final = Endpoint("a bare view of one row", "tests.bench.bare:application", "/")


def figures(reads: int, rounds: int) -> Iterator[Figure]:
    """After a sweep. The two take turns; the first round warms them up."""
    requests = _requests(reads)
    with ExitStack() as stack:
        ports = {endpoint: stack.enter_context(served(endpoint)) for endpoint in (OURS, BARE)}
        seen: dict[Endpoint, list[Sent]] = {endpoint: [] for endpoint in ports}
        for _ in range(rounds + 1):
            for endpoint, port in ports.items():
                seen[endpoint].append(send(port, endpoint.path, requests))
    yield compared("entitlement: asked by a token", "reads", seen, OURS, BARE, goal=0.7)


def _requests(count: int) -> list[Request]:
    accounts = list(AccountState.objects.order_by("account_id").values_list("account_id", flat=True)[:count])
    headers = {"Authorization": f"Bearer {token()}"}
    paths = [f"{account_id}/entitlement/" for account_id in accounts]
    return [Request(paths[number % len(paths)], headers=headers) for number in range(count)]


def token() -> str:
    wanted = Wanted(name="bench", purpose="the bench", scopes=["read"], days=1)
    return make_token(wanted, actor="user:bench", groups=["admin"], now=datetime.now(UTC)).text

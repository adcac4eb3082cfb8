"""`python -m recon.sandbox.twin --port P`: serve until killed. Settings come from the environment:

STRIPE_TWIN_DATABASE_URL, STRIPE_API_KEY (comma-separated where there are several), and, where events are to go out,
STRIPE_TWIN_WEBHOOK_URL with STRIPE_WEBHOOK_SECRET.
"""

import argparse
import os

from psycopg_pool import ConnectionPool

from recon.sandbox.ports import LOOPBACK
from recon.sandbox.twin.idempotency import forget_unfinished
from recon.sandbox.twin.server import Twin
from recon.sandbox.twin.state import create
from recon.sandbox.twin.webhooks import Endpoint, Postman

CONNECTIONS = 8


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m recon.sandbox.twin", description="A small stateful Stripe.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen on (default: 127.0.0.1)")
    options = parser.parse_args()
    twin = build(options.port, options.host)
    print(f"http://{options.host}:{twin.server_port}", flush=True)
    twin.serve_forever()


def build(port: int, host: str = LOOPBACK) -> Twin:
    """A server on its database, its tables there, not yet serving. SystemExit: a missing setting."""
    try:
        url = os.environ["STRIPE_TWIN_DATABASE_URL"]
        keys = frozenset(os.environ["STRIPE_API_KEY"].split(","))
    except KeyError as error:
        raise SystemExit(f"The Stripe twin needs {error.args[0]} in its environment.") from error
    pool = ConnectionPool(url, min_size=1, max_size=CONNECTIONS, open=True)
    with pool.connection() as conn:
        create(conn)
        forget_unfinished(conn)
    twin = Twin(port, pool, keys, _postman(pool), host)
    return twin


def _postman(pool: ConnectionPool) -> Postman | None:
    url = os.environ.get("STRIPE_TWIN_WEBHOOK_URL")
    if not url:
        return None
    postman = Postman(pool, Endpoint(url, os.environ.get("STRIPE_WEBHOOK_SECRET", "")))
    postman.start()
    return postman


if __name__ == "__main__":
    main()

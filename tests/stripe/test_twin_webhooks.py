"""The twin's events arrive signed, as the SDK's own verifier wants them."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import stripe
from psycopg_pool import ConnectionPool

from recon.sandbox.twin.server import Call, Twin
from recon.sandbox.twin.webhooks import Endpoint, Postman

SECRET = "whsec_test"


@contextmanager
def mailbox(statuses):
    """A server that keeps what arrives, and answers with these statuses in turn."""
    arrived: Queue[tuple[str, bytes]] = Queue()
    waiting = list(statuses)

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.put((self.headers["Stripe-Signature"], body))
            self.send_response(waiting.pop(0))
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks", arrived
    finally:
        server.shutdown()
        server.server_close()


def change(account, sandbox, url, rounds):
    """A customer changes in a twin of the test's own, whose postman then makes so many rounds."""
    with ConnectionPool(sandbox.env()["STRIPE_TWIN_DATABASE_URL"], min_size=1, max_size=1, open=True) as pool:
        postman = Postman(pool, Endpoint(url, SECRET), first_wait_s=0)
        twin = Twin(0, pool, frozenset({account.key}), postman)
        twin.answer(Call("POST", "/v1/customers/cus_1", {"metadata": {"debt_state": "clear"}}, "k1"), None)
        twin.server_close()
        return [postman.deliver() for _ in range(rounds)]


def test_a_change_arrives_once_as_a_signed_event(account, sandbox):
    with mailbox([200]) as (url, arrived):
        assert change(account, sandbox, url, rounds=2) == [True, False]

        header, body = arrived.get(timeout=5)
    event = stripe.Webhook.construct_event(body, header, SECRET)
    assert (event.type, event.data.object["id"]) == ("customer.updated", "cus_1")


def test_an_event_that_is_refused_is_sent_again(account, sandbox):
    with mailbox([500, 200]) as (url, arrived):
        assert change(account, sandbox, url, rounds=3) == [True, True, False]

        first, second = arrived.get(timeout=5), arrived.get(timeout=5)
    assert first[1] == second[1]


def test_an_event_that_is_refused_five_times_is_given_up(account, sandbox):
    with mailbox([500] * 5) as (url, _):
        assert change(account, sandbox, url, rounds=6) == [True] * 5 + [False]

"""The twin's events arrive signed, as the SDK's own verifier wants them."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import stripe
from psycopg_pool import ConnectionPool

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


def deliver(sandbox, url, rounds=1):
    with ConnectionPool(sandbox.env()["STRIPE_TWIN_DATABASE_URL"], min_size=1, max_size=1, open=True) as pool:
        postman = Postman(pool, Endpoint(url, SECRET))
        for _ in range(rounds):
            postman.deliver()


def test_a_change_arrives_as_a_signed_event(account, sandbox):
    account.api().client.v1.customers.update("cus_1", {"metadata": {"debt_state": "clear"}})

    with mailbox([200]) as (url, arrived):
        deliver(sandbox, url, rounds=2)

        header, body = arrived.get(timeout=5)
        assert arrived.empty()
    event = stripe.Webhook.construct_event(body, header, SECRET)
    assert (event.type, event.data.object["id"]) == ("customer.updated", "cus_1")


def test_an_event_that_is_refused_is_sent_again(account, sandbox):
    account.api().client.v1.customers.update("cus_1", {"metadata": {"debt_state": "clear"}})

    with mailbox([500, 200]) as (url, arrived):
        deliver(sandbox, url, rounds=3)

        first, second = arrived.get(timeout=5), arrived.get(timeout=5)
        assert arrived.empty()
    assert first[1] == second[1]

"""What the twin knows: Stripe's objects, idempotency keys and events in the PostgreSQL database `stripe_twin`.

`create`, `reset` and `load` are what the sandbox calls; the server uses the rest. A body is stored as `json` (not
`jsonb`), so that a list goes out as the text that came in, without being parsed once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from psycopg import Connection

from recon.sandbox.twin.shapes import Json, listing

INLINE_ITEMS = 10  # so many of a subscription's items and of an invoice's payments stand inside it
PLURALS: Mapping[str, str] = {
    "charges": "charge",
    "credit_notes": "credit_note",
    "customers": "customer",
    "disputes": "dispute",
    "invoice_payments": "invoice_payment",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "subscription_items": "subscription_item",
    "subscriptions": "subscription",
}
LINKS = ("customer", "invoice", "charge", "payment_intent", "subscription")
COLUMNS = ("id", "kind", "created", "status", *LINKS, "body")

SCHEMA = """
create table if not exists objects (
    id text collate "C" primary key,
    kind text not null,
    created bigint not null,
    status text,
    customer text, invoice text, charge text, payment_intent text, subscription text,
    body json not null
);
create index if not exists objects_list on objects (kind, created desc, id desc);
create index if not exists objects_customer on objects (customer, kind, created desc, id desc);
create index if not exists objects_invoice on objects (invoice) where invoice is not null;
create index if not exists objects_charge on objects (charge) where charge is not null;
create index if not exists objects_payment_intent on objects (payment_intent) where payment_intent is not null;
create index if not exists objects_subscription on objects (subscription) where subscription is not null;
create table if not exists idempotency_keys (
    key text primary key,
    fingerprint text not null,
    status int,
    body text,
    created_at timestamptz not null default now()
);
create table if not exists due_events (
    event_id text primary key,
    tries int not null default 0,
    due timestamptz not null default now()
);
"""


def create(conn: Connection[Any]) -> None:
    """Create the twin's tables where they are missing."""
    conn.execute(SCHEMA)
    conn.commit()


def reset(conn: Connection[Any]) -> None:
    """Forget everything: objects, idempotency keys, events."""
    create(conn)
    conn.execute("truncate objects, idempotency_keys, due_events")
    conn.commit()


def load(conn: Connection[Any], tables: Mapping[str, Iterable[Json]]) -> int:
    """Add objects by COPY: {"customers": [...], "invoices": [...], …}; returns how many rows that made. Commits.

    An invoice's own `payments` become invoice payments, and items beyond the first ten become subscription items of
    their own, as in Stripe. Objects of the older JSON shape are kept as they are. ValueError: an unknown table.
    """
    unknown = set(tables) - set(PLURALS)
    if unknown:
        raise ValueError(f"Stripe's twin keeps no {', '.join(sorted(unknown))}; it keeps {', '.join(PLURALS)}.")
    create(conn)
    count = 0
    with (
        conn.cursor() as cursor,
        cursor.copy(f"copy objects ({', '.join(COLUMNS)}) from stdin") as copy,
    ):
        for plural, objects in tables.items():
            for body in objects:
                for row in rows(PLURALS[plural], body):
                    copy.write_row(row)
                    count += 1
    conn.commit()
    return count


def rows(kind: str, body: Json) -> Iterator[Sequence[Any]]:
    """The rows that one loaded object makes."""
    if kind == "invoice" and isinstance(body.get("payments"), dict) and not is_older_shape(body):
        for payment in body["payments"]["data"]:
            yield row("invoice_payment", payment)
        body = {key: value for key, value in body.items() if key != "payments"}
    items = body.get("items") if kind == "subscription" else None
    if items and len(items["data"]) > INLINE_ITEMS:
        for item in items["data"]:
            yield row("subscription_item", item | {"subscription": body["id"]})
        first = listing(
            f"/v1/subscription_items?subscription={body['id']}",
            items["data"][:INLINE_ITEMS],
        )
        body = body | {"items": first | {"has_more": True}}
    yield row(kind, body)


def row(kind: str, body: Json) -> Sequence[Any]:
    """One object in the order of COLUMNS."""
    links = [_ref(body.get(name)) for name in LINKS]
    return (
        body["id"],
        kind,
        body.get("created", 0),
        "deleted" if body.get("deleted") else body.get("status"),
        *links,
        json.dumps(body),
    )


def is_older_shape(invoice: Json) -> bool:
    """Is this an invoice from before API version 2025-03-31 (no `parent`, but `subscription` or `paid`)?"""
    return "parent" not in invoice and any(key in invoice for key in ("subscription", "paid", "paid_out_of_band"))


def find(conn: Connection[Any], kind: str, object_id: str, *, lock: bool = False) -> Json | None:
    """One object, its row locked until the transaction ends where `lock`; None where it does not exist."""
    tail = " for update" if lock else ""
    found = conn.execute(f"select body from objects where id = %s and kind = %s{tail}", (object_id, kind)).fetchone()
    return found[0] if found else None


def store(conn: Connection[Any], kind: str, body: Json) -> None:
    """Insert an object or replace it."""
    marks = ", ".join(["%s"] * len(COLUMNS))
    changes = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS[1:])
    statement = f"insert into objects ({', '.join(COLUMNS)}) values ({marks}) on conflict (id) do update set {changes}"
    conn.execute(statement, row(kind, body))


def _ref(value: object) -> str | None:
    """The id behind a reference, which may be expanded."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else None

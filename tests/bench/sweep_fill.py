"""A company for the bench of the sweep: three accounts that the rules themselves made right, copied by SQL.

Each account has three invoices, two payments and a row in every other table that a customer has; in Stripe's mirror a
customer, a subscription, three invoices and two payment intents. Ids hold the account's own, so that a copy is its
template with another id in it. One account in ten owes since three days ago, one in two hundred drifts; the rows of
the stores lie in no order.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db.models import AutoField, Model

from recon.engine.case import facts_from_readings
from recon.engine.enums import StoreName
from recon.engine.facts import Reading
from recon.engine.pipeline import known
from recon.engine.policy import Policy
from recon.engine.schema import TABLES
from recon.engine.values import rfc3339
from recon.sandbox.population.rows import Tables, empty_tables, write_cells

CLEAN, OWING, DRIFTED = range(3)
FIRST = 10  # the copies begin here
PORTION = 100_000
KEPT_OF = "where right(copy.id, 1) = '7'"
COPIED = """
from (
    select 'acc' || lpad(n::text, 9, '0') as id,
           'acc' || lpad((case when n %% 10 = 0 then 1 when n %% 200 = 1 then 2 else 0 end)::text, 9, '0') as template
    from generate_series(%(first)s::int, %(last)s::int) as n order by hashint4(n)
) as copy join {table} as said on {owner} = copy.template
"""


def account_id(number: int) -> str:
    return f"acc{number:09d}"


def fill_stores(accounts: int, now: datetime) -> None:
    """The five databases, through their owners, and the mirror."""
    stories = [_story(kind, now) for kind in (CLEAN, OWING, DRIFTED)]
    for store, described in TABLES.items():
        with psycopg.connect(os.environ[f"SANDBOX_{store.upper()}_OWNER_URL"], autocommit=True) as conn:
            for name in described:
                _fill_table(conn, name, [row for story in stories for row in story[store][name]], accounts)
    _fill_mirror(stories, accounts, now)


def copy_kept(accounts: int) -> None:
    """What we keep of each copy: its template's state, with the template's evaluation and no fingerprint of its own
    yet; what it is found by; and of one in ten what each store said."""
    from recon.models import SNAPSHOTS, AccountHandles, AccountState

    _copy_kept(AccountState, accounts)
    _copy_kept(AccountHandles, accounts)
    for model in SNAPSHOTS.values():
        _copy_kept(model, accounts, KEPT_OF)


def _copy_kept(model: type[Model], accounts: int, where: str = "") -> None:
    """Ids hold the account's own, in text, lists and JSON alike."""
    from django.db import connection

    table = model._meta.db_table
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    taken = ", ".join(_copied(field.column, field.db_type(connection) or "") for field in fields)
    into = f"insert into {table} ({', '.join(field.column for field in fields)}) select {taken} "
    with connection.cursor() as cursor:
        for given in _portions(accounts):
            cursor.execute(into + COPIED.format(table=table, owner="said.account_id") + where, given)
        cursor.execute(f"vacuum analyze {table}")


def _copied(column: str, kind: str) -> str:
    if kind == "jsonb" or kind.startswith("text"):
        return f"replace(said.{column}::text, copy.template, copy.id)::{kind}"
    return f"said.{column}"


def _fill_table(conn: psycopg.Connection[Any], name: str, rows: Sequence[Mapping[str, Any]], accounts: int) -> None:
    for row in rows:
        places = ", ".join(["%s"] * len(row))
        conn.execute(f"insert into {name} ({', '.join(row)}) values ({places})", list(row.values()))
    if rows:
        types = dict(
            conn.execute("select attname, format_type(atttypid, -1) from pg_attribute where attrelid = %s::regclass"
                         " and attnum > 0", [name]).fetchall()
        )  # fmt: skip
        taken = ", ".join(_copied(column, kind) for column, kind in types.items())
        statement = f"insert into {name} ({', '.join(types)}) select {taken} "
        for given in _portions(accounts):
            conn.execute(statement + COPIED.format(table=name, owner="said.account_id"), given)
    conn.execute(f"vacuum analyze {name}")


def _fill_mirror(stories: Sequence[Tables], accounts: int, now: datetime) -> None:
    from django.db import connection

    from recon.actions.sync_stripe import keep_objects
    from recon.models import MirrorSync

    for story in stories:
        for kind, objects in story[StoreName.STRIPE].items():
            keep_objects(kind, objects, now)
    with connection.cursor() as cursor:
        for given in _portions(accounts):
            cursor.execute(
                "insert into stripe_object (id, kind, customer, account_id, body, content_hash, read_at)"
                " select replace(said.id, template, copy.id), kind, replace(customer, template, copy.id),"
                " case when said.account_id is not null then copy.id end,"
                " replace(body::text, template, copy.id)::jsonb,"
                " encode(sha256(replace(body::text, template, copy.id)::bytea), 'hex'), read_at"
                + COPIED.format(table="stripe_object", owner="split_part(said.customer, '_', 2)"),
                given,
            )
        cursor.execute("vacuum analyze stripe_object")
    MirrorSync.objects.create(started_at=now, completed_at=now, kind="disputes")


def _portions(accounts: int) -> Iterator[dict[str, int]]:
    for first in range(FIRST, FIRST + accounts, PORTION):
        yield {"first": first, "last": min(first + PORTION, FIRST + accounts) - 1}


def _story(kind: int, now: datetime) -> Tables:
    """The rows of one template; what the engine derives is as the rules say, but for a cell of the one that drifts."""
    me, tables = account_id(kind), empty_tables()
    _tell_facts(me, tables, now, due=timedelta(days=-3 if kind == OWING else 20))
    readings = [Reading(store, now, rows) for store, rows in tables.items()]
    found = known(facts_from_readings(me, readings, livemode=False), Policy(), now)
    write_cells(tables, found.drift.cells, now)
    if kind == DRIFTED:
        tables[StoreName.CF_PROD]["entitlements"][0]["plan_active"] = False
    return tables


def _tell_facts(me: str, tables: Tables, now: datetime, due: timedelta) -> None:
    customer = f"cus_{me}"
    tables[StoreName.SUBS_ACCOUNT]["accounts"] = [{"account_id": me, "status": "open"}]
    tables[StoreName.SUBS_CUSTOMER]["customers"] = [
        {"account_id": me, "stripe_customer_id": customer, "email": f"{me}@example.com", "name": f"Company {me}"}
    ]
    tables[StoreName.SUBS_DUNNING]["dunning"] = [{"account_id": me}]
    tables[StoreName.BILLING_PROD]["account_flags"] = [{"account_id": me}]
    tables[StoreName.STRIPE]["customers"] = [
        {"id": customer, "object": "customer", "livemode": False, "created": 1, "metadata": {"account_id": me}}
        | {"invoice_settings": {"default_payment_method": "pm_1"}, "email": f"{me}@example.com"}
    ]
    price = {"id": "price_pro", "object": "price", "currency": "usd", "metadata": {"plan_code": "pro"}}
    tables[StoreName.STRIPE]["subscriptions"] = [
        {"id": f"sub_{me}", "object": "subscription", "livemode": False, "customer": customer, "status": "active"}
        | {
            "currency": "usd",
            "created": 1_735_689_600,
            "items": {"object": "list", "data": [{"id": "si", "price": price}]},
        }
    ]
    for number in (1, 2, 3):
        _tell_invoice(me, number, tables, now + due - timedelta(days=30 * (3 - number)), is_paid=number < 3)


def _tell_invoice(me: str, number: int, tables: Tables, due_at: datetime, *, is_paid: bool) -> None:
    issued_at, reference = due_at - timedelta(days=25), f"{me}_{number}"
    tables[StoreName.BILLING_PROD]["invoices"].append(
        {"invoice_id": f"inv_{reference}", "account_id": me, "stripe_invoice_id": f"in_{reference}", "status": "issued"}
        | {"currency": "usd", "total_minor": 2_000, "issued_at": issued_at, "due_at": due_at}
        | {"period_start": issued_at, "period_end": issued_at + timedelta(days=30)}
    )
    paid = {"status": "paid" if is_paid else "open", "amount_paid": 2_000 * is_paid}
    tables[StoreName.STRIPE]["invoices"].append(
        {"id": f"in_{reference}", "object": "invoice", "livemode": False, "customer": f"cus_{me}", "currency": "usd"}
        | {"billing_reason": "subscription_cycle", "total": 2_000, "amount_due": 2_000, **paid}
        | {"amount_remaining": 2_000 - paid["amount_paid"], "created": int(issued_at.timestamp())}
        | {"due_date": int(due_at.timestamp()), "status_transitions": {"finalized_at": int(issued_at.timestamp())}}
        | {"parent": {"type": "subscription_details", "subscription_details": {"subscription": f"sub_{me}"}}}
        | {"payments": {"object": "list", "data": [_invoice_payment(reference)] if is_paid else []}}
    )
    if is_paid:
        tables[StoreName.BILLING_PROD]["payments"].append(
            {"payment_id": f"pay_{reference}", "account_id": me, "invoice_id": f"inv_{reference}", "rail": "stripe"}
            | {"method": "card", "processor_ref": f"pi_{reference}", "status": "settled", "amount_minor": 2_000}
            | {"currency": "usd", "created_at": due_at, "settled_at": due_at}
        )
        tables[StoreName.STRIPE]["payment_intents"].append(
            {"id": f"pi_{reference}", "object": "payment_intent", "livemode": False, "customer": f"cus_{me}"}
            | {"status": "succeeded", "amount": 2_000, "amount_received": 2_000, "currency": "usd"}
            | {"created": int(due_at.timestamp()), "description": f"Paid at {rfc3339(due_at)}"}
        )


def _invoice_payment(reference: str) -> dict[str, Any]:
    return {
        "id": f"inpay_{reference}",
        "object": "invoice_payment",
        "livemode": False,
        "invoice": f"in_{reference}",
        "status": "paid",
        "amount_paid": 2_000,
        "amount_requested": 2_000,
        "currency": "usd",
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{reference}"},
    }

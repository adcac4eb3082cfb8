"""Reading: Stripe's lists with cursors and filters, and single objects, both with an invoice's payments where asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection

from recon.sandbox.twin.errors import Answer, invalid, json_answer, missing
from recon.sandbox.twin.forms import Params
from recon.sandbox.twin.state import INLINE_ITEMS, find, is_older_shape

FILTERS: Mapping[str, tuple[str, ...]] = {
    "charge": ("customer", "payment_intent"),
    "credit_note": ("customer", "invoice"),
    "customer": (),
    "dispute": ("charge", "payment_intent"),
    "event": (),
    "invoice": ("customer", "subscription", "status"),
    "invoice_payment": ("invoice", "status"),
    "payment_intent": ("customer",),
    "subscription": ("customer", "status"),
    "subscription_item": ("subscription",),
}
PAGING = ("limit", "starting_after", "ending_before", "created", "expand")
COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
EXPANDABLE = {"invoice": "payments"}


def retrieve(conn: Connection[Any], kind: str, object_id: str, params: Params) -> Answer:
    """One object. Refused: 404 where there is none."""
    body = find(conn, kind, object_id)
    if body is None:
        raise missing(kind, object_id)
    _refuse_unknown(params, ("expand",))
    if _expands_payments(kind, params, prefix="") and not is_older_shape(body):
        payments = _payments_of(conn, [object_id])[object_id]
        body = body | {"payments": json.loads(payments)}
    return json_answer(body)


def list_objects(conn: Connection[Any], kind: str, url: str, params: Params) -> Answer:
    """One page, newest first: `limit` 1…100 (10), `starting_after` or `ending_before` an id, and filters."""
    _refuse_unknown(params, (*FILTERS[kind], *PAGING))
    _refuse_missing(conn, kind, params)
    limit = _limit(params)
    where, values = _conditions(kind, params)
    backwards = "ending_before" in params
    cursor = params.get("ending_before" if backwards else "starting_after")
    if cursor is not None:
        where.append(f"(created, id) {'>' if backwards else '<'} (%s, %s)")
        values += [_created_of(conn, kind, cursor, backwards), cursor]
    order = "created, id" if backwards else "created desc, id desc"
    statement = (
        "select id, body::text, kind = 'invoice' and body->'parent' is not null from objects"
        f" where {' and '.join(where)} order by {order} limit %s"
    )
    found = conn.execute(statement, [*values, limit + 1]).fetchall()
    page = found[:limit][::-1] if backwards else found[:limit]
    texts = [text for _, text, _ in page]
    if _expands_payments(kind, params, prefix="data."):
        texts = _with_payments(conn, page)
    more = "true" if len(found) > limit else "false"
    body = f'{{"object":"list","data":[{",".join(texts)}],"has_more":{more},"url":{json.dumps(url)}}}'
    return Answer(200, body.encode())


def _conditions(kind: str, params: Params) -> tuple[list[str], list[Any]]:
    where: list[str] = ["kind = %s", "status is distinct from 'deleted'"]
    values: list[Any] = [kind]
    for name in FILTERS[kind]:
        if name in params and name != "status":
            where.append(f"{name} = %s")
            values.append(params[name])
    status = params.get("status")
    if status is None and kind == "subscription":
        where.append("status <> 'canceled'")
    elif status == "ended" and kind == "subscription":
        where.append("status in ('canceled', 'incomplete_expired')")
    elif status is not None and not (status == "all" and kind == "subscription"):
        where.append("status = %s")
        values.append(status)
    created = params.get("created", {})
    for name, moment in created.items() if isinstance(created, dict) else [("", created)]:
        where.append(f"created {COMPARE[name] if name else '='} %s")
        values.append(int(moment))
    return where, values


def _limit(params: Params) -> int:
    text = params.get("limit", "10")
    if not (isinstance(text, str) and text.isdigit() and 1 <= int(text) <= 100):
        raise invalid(
            "This value must be between 1 and 100.",
            "parameter_invalid_integer",
            "limit",
        )
    return int(text)


def _created_of(conn: Connection[Any], kind: str, cursor: str, backwards: bool) -> int:
    found = conn.execute("select created from objects where id = %s and kind = %s", (cursor, kind)).fetchone()
    if found is None:
        raise missing(kind, cursor, "ending_before" if backwards else "starting_after", status=400)
    created: int = found[0]
    return created


def _refuse_unknown(params: Params, known: Sequence[str]) -> None:
    for name in params:
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}", "parameter_unknown", name)


def _refuse_missing(conn: Connection[Any], kind: str, params: Params) -> None:
    """A list of what belongs to an object that is not there is refused, not empty."""
    for name in FILTERS[kind]:
        if name in params and name != "status" and find(conn, name, params[name]) is None:
            raise missing(name, params[name], name, status=400)


def _expands_payments(kind: str, params: Params, prefix: str) -> bool:
    wanted = params.get("expand", [])
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if name != f"{prefix}{EXPANDABLE.get(kind)}":
            raise invalid(f"This property cannot be expanded ({name}).")
    return bool(wanted)


def _with_payments(conn: Connection[Any], page: Sequence[tuple[str, str, bool]]) -> list[str]:
    payments = _payments_of(conn, [object_id for object_id, _, newer in page if newer])
    return [
        f'{text.rstrip()[:-1]},"payments":{payments[object_id]}}}' if newer else text for object_id, text, newer in page
    ]


def _payments_of(conn: Connection[Any], invoice_ids: Sequence[str]) -> dict[str, str]:
    """invoice id → the JSON text of its list of payments, newest first, the first ten of them inside."""
    statement = (
        "select invoice, body::text from objects where kind = 'invoice_payment' and invoice = any(%s)"
        " order by created desc, id desc"
    )
    found: dict[str, list[str]] = {object_id: [] for object_id in invoice_ids}
    for invoice_id, text in conn.execute(statement, (list(invoice_ids),)):
        found[invoice_id].append(text)
    return {object_id: _payments_text(object_id, texts) for object_id, texts in found.items()}


def _payments_text(invoice_id: str, texts: Sequence[str]) -> str:
    more = "true" if len(texts) > INLINE_ITEMS else "false"
    url = json.dumps(f"/v1/invoice_payments?invoice={invoice_id}")
    return f'{{"object":"list","data":[{",".join(texts[:INLINE_ITEMS])}],"has_more":{more},"url":{url}}}'

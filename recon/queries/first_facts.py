"""Of an account with many invoices, the rows that a person looks at first: what is owed or in conflict, and the newest.

Rows that name each other's ids hang together, and what one invoice owes depends on nothing else: so its balance out of
these rows is its balance out of all. They hold every row that the evaluation names as evidence: so the rules come to
the same truth.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from recon.engine.facts import StoreName
from recon.queries.account import AccountView
from recon.queries.snapshots import Rows

FEW = 20
"""An account with no more rows than this in each list is shown whole."""
NEWEST = 8
_NAMES = ("invoice", "payment_intent", "charge", "latest_charge")
_UNFINISHED = frozenset({"incomplete", "incomplete_expired"})

Row = Mapping[str, Any]
Tables = Mapping[str, Rows]
LEDGER_LISTS = ("invoices", "payments", "adjustments")
STRIPE_LISTS = ("invoices", "payment_intents", "charges", "disputes", "invoice_payments")


def is_long(view: AccountView) -> bool:
    """Whether the account has more than a person reads at once."""
    ledger, stripe = view.stores[StoreName.BILLING_PROD], view.stores[StoreName.STRIPE]
    lists = [ledger.rows(name) for name in LEDGER_LISTS] + [stripe.rows(name) for name in STRIPE_LISTS]
    return any(len(rows) > FEW for rows in lists)


def can_shorten(view: AccountView) -> bool:
    """The rows have to be well-formed, and no sign-up unfinished, since its first invoice is found among all (T4)."""
    subscriptions = view.stores[StoreName.STRIPE].rows("subscriptions")
    return view.is_known and all(row.get("status") not in _UNFINISHED for row in subscriptions)


def first_tables(view: AccountView) -> tuple[Tables, Tables]:
    """(the ledger's, Stripe's) tables with those rows alone, of an account that `can_shorten`."""
    ledger, stripe = view.stores[StoreName.BILLING_PROD].tables, view.stores[StoreName.STRIPE].tables
    linked = [(("ledger", name), row, _ledger_ids(row)) for name in LEDGER_LISTS for row in ledger.get(name, ())]
    linked += [(("stripe", name), row, _stripe_ids(row)) for name in STRIPE_LISTS for row in stripe.get(name, ())]
    taken: dict[tuple[str, str], list[Row]] = {place: [] for place, _, _ in linked}
    wanted, waiting = set(_wanted(view, ledger, stripe)), linked
    while waiting:
        left = []
        for one in waiting:
            place, row, ids = one
            if wanted.isdisjoint(ids):
                left.append(one)
            else:
                taken[place].append(row)
                wanted.update(ids)
        waiting = left if len(left) < len(waiting) else []
    return (
        {**ledger, **{name: rows for (store, name), rows in taken.items() if store == "ledger"}},
        {**stripe, **{name: rows for (store, name), rows in taken.items() if store == "stripe"}},
    )


def _wanted(view: AccountView, ledger: Tables, stripe: Tables) -> Iterator[str]:
    yield from _evidence(view)
    yield from _newest(ledger.get("invoices", ()), "invoice_id", "issued_at", NEWEST)
    yield from _newest(ledger.get("invoices", ()), "invoice_id", "period_end", 1)
    yield from _newest(ledger.get("payments", ()), "payment_id", "created_at", NEWEST)
    yield from (row["payment_id"] for row in ledger.get("payments", ()) if row["status"] == "pending")
    yield from _newest(stripe.get("invoices", ()), "id", "created", NEWEST)
    yield from _newest(stripe.get("payment_intents", ()), "id", "created", NEWEST)


def _evidence(view: AccountView) -> Iterator[str]:
    """The ids of the rows by which the evaluation explains itself: owed, written off, paid by, in conflict."""
    for named in (*view.because.values(), *view.findings):
        for ref in (*named.get("evidence", ()), *named.get("refs", ())):
            yield ref.partition("[")[2].partition("]")[0]


def _newest(rows: Rows, key: str, time: str, count: int) -> list[str]:
    dated = sorted((row for row in rows if row.get(time)), key=lambda row: row[time], reverse=True)
    return [row[key] for row in dated[:count]]


def _ledger_ids(row: Row) -> list[str]:
    names = ("invoice_id", "stripe_invoice_id", "payment_id", "processor_ref")
    return [row[name] for name in names if row.get(name)]


def _stripe_ids(row: Row) -> list[str]:
    """The object's own id, and those that it names, in whichever of Stripe's shapes."""
    ids = [row["id"]]
    _add_named(row, ids)
    if paid_by := row.get("payments"):
        for payment in paid_by.get("data", ()):
            _add_named(payment.get("payment") or {}, ids)
    if paid := row.get("payment"):
        _add_named(paid, ids)
    return ids


def _add_named(row: Row, ids: list[str]) -> None:
    """As an id, or as the object itself."""
    for name in _NAMES:
        if value := row.get(name):
            ids.append(value if type(value) is str else value["id"])

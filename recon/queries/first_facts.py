"""Of an account with many invoices, the rows that a person looks at first: what is owed or in conflict, and the newest.

Rows that name each other's ids hang together, and what one invoice owes depends on nothing else: so its balance out of
these rows is its balance out of all.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recon.engine.facts import StoreName
from recon.queries.account import AccountView
from recon.queries.snapshots import Rows

FEW = 20
"""An account with no more rows than this in each list is shown whole."""
NEWEST = 8
MOST_OPEN = 60

Row = Mapping[str, Any]
Tables = Mapping[str, Rows]
LEDGER_LISTS = ("invoices", "payments", "adjustments")
STRIPE_LISTS = ("invoices", "payment_intents", "charges", "disputes", "invoice_payments")


def is_long(view: AccountView) -> bool:
    """Whether the account has more than a person reads at once."""
    ledger, stripe = view.stores[StoreName.BILLING_PROD], view.stores[StoreName.STRIPE]
    lists = [ledger.rows(name) for name in LEDGER_LISTS] + [stripe.rows(name) for name in STRIPE_LISTS]
    return any(len(rows) > FEW for rows in lists)


def first_tables(view: AccountView) -> tuple[Tables, Tables]:
    """(the ledger's, Stripe's) tables with those rows alone. The verdict has to be known: its rows are well-formed."""
    ledger, stripe = view.stores[StoreName.BILLING_PROD].tables, view.stores[StoreName.STRIPE].tables
    linked = [(("ledger", name), row, _ledger_ids(row)) for name in LEDGER_LISTS for row in ledger.get(name, ())]
    linked += [(("stripe", name), row, _stripe_ids(row)) for name in STRIPE_LISTS for row in stripe.get(name, ())]
    taken: dict[tuple[str, str], list[Row]] = {place: [] for place, _, _ in linked}
    wanted, waiting = set(_wanted(view, ledger, stripe)), linked
    while waiting:
        reached = [one for one in waiting if not wanted.isdisjoint(one[2])]
        waiting = [one for one in waiting if wanted.isdisjoint(one[2])] if reached else []
        for place, row, ids in reached:
            taken[place].append(row)
            wanted.update(ids)
    return (
        {**ledger, **{name: rows for (store, name), rows in taken.items() if store == "ledger"}},
        {**stripe, **{name: rows for (store, name), rows in taken.items() if store == "stripe"}},
    )


def open_invoices(view: AccountView) -> list[str]:
    """The ids of the invoices by which the evaluation explains itself: owed, written off, or in conflict."""
    fields = ("state", "oldest_due_at", "balances")
    refs = [ref for field in fields for ref in view.because.get(field, {}).get("evidence", ())]
    refs += [ref for finding in view.findings for ref in finding.get("refs", ())]
    return [ref.partition("[")[2].partition("]")[0] for ref in dict.fromkeys(refs) if ".invoices[" in ref]


def _wanted(view: AccountView, ledger: Tables, stripe: Tables) -> Iterator[str]:
    yield from open_invoices(view)[:MOST_OPEN]
    yield from _newest(ledger.get("invoices", ()), "invoice_id", "issued_at")
    yield from _newest(ledger.get("payments", ()), "payment_id", "created_at")
    yield from (row["payment_id"] for row in ledger.get("payments", ()) if row["status"] == "pending")
    yield from _newest(stripe.get("invoices", ()), "id", "created")
    yield from _newest(stripe.get("payment_intents", ()), "id", "created")


def _newest(rows: Rows, key: str, time: str) -> list[str]:
    dated = sorted((row for row in rows if row.get(time)), key=lambda row: row[time], reverse=True)
    return [row[key] for row in dated[:NEWEST]]


def _ledger_ids(row: Row) -> list[str]:
    names = ("invoice_id", "stripe_invoice_id", "payment_id", "processor_ref")
    return [row[name] for name in names if row.get(name)]


def _stripe_ids(row: Row) -> list[str]:
    ids = [row["id"], *_named(row)]
    paid_by = row.get("payments")
    if paid_by:
        for payment in paid_by.get("data", ()):
            ids += _named(payment.get("payment") or {})
    if row.get("payment"):
        ids += _named(row["payment"])
    return ids


def _named(row: Row) -> Iterable[str]:
    """What the object names, as an id or as the object itself."""
    for name in ("invoice", "payment_intent", "charge", "latest_charge"):
        value = row.get(name)
        if value:
            yield value if isinstance(value, str) else value["id"]

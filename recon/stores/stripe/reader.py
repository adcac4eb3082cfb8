"""One account, live: everything that the rules read of its Stripe customers, all requests in parallel.

First round, for each customer: the customer itself and its four lists. Second round, what the first one referred to:
invoices that only the ledger names (with their payments' intents and charges), disputes of disputed charges, and the
rest of nested lists that were cut off.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

from recon.stores.base import Scope
from recon.stores.stripe.client import Json, StripeApi
from recon.stores.stripe.errors import Unreadable
from recon.stores.stripe.nested import LIST_PARAMS, RETRIEVE_PARAMS, complete, is_cut_off, payment_refs, ref

LISTS: Final = ("subscriptions", "invoices", "payment_intents", "charges")
Tables = dict[str, list[Json]]
Task = Callable[[], Any]


class AccountReader:
    """Reads one scope before a deadline; Unreadable when any request fails for good."""

    def __init__(self, api: StripeApi, executor: Executor, scope: Scope) -> None:
        self._api = api
        self._executor = executor
        self._scope = scope
        self._deadline = api.deadline()

    def tables(self) -> Tables:
        """Stripe's lists by name. A customer that Stripe does not know is absent; a deleted one says so itself."""
        tables = self._of_customers()
        foreign = self._foreign_invoices(tables["invoices"])
        tables["invoices"] += foreign
        self._complete_nested(tables)
        self._add_payments_of(foreign, tables)
        tables["disputes"] = self._disputes(tables["charges"])
        return tables

    def _of_customers(self) -> Tables:
        ids = self._scope.stripe_customer_ids
        lists = [(name, customer_id) for customer_id in ids for name in LISTS]
        asked = [self._one("customers", customer_id) for customer_id in ids]
        asked += [self._list_of(name, customer_id) for name, customer_id in lists]
        answers = self._all(asked)
        customers = dict(zip(ids, answers, strict=False))
        tables: Tables = {name: [] for name in ("customers", *LISTS)}
        tables["customers"] = [customer for customer in customers.values() if customer is not None]
        for (name, customer_id), objects in zip(lists, answers[len(ids) :], strict=True):
            if objects is None and customers[customer_id] is not None:
                raise Unreadable(f"Stripe shows {customer_id}, and denies it in its {name}: read it again.")
            tables[name] += objects or []
        return tables

    def _foreign_invoices(self, listed: Sequence[Json]) -> list[Json]:
        """Invoices of the ledger that no list showed, whoever's customer they are; one that is not there is absent."""
        known = {invoice["id"] for invoice in listed}
        missing = [object_id for object_id in self._scope.stripe_invoice_ids if object_id not in known]
        asked = [self._one("invoices", object_id) for object_id in missing]
        return [invoice for invoice in self._all(asked) if invoice is not None]

    def _complete_nested(self, tables: Tables) -> None:
        """An invoice's payments and a subscription's items beyond those that stand inside it."""
        cut = [(kind, one) for kind in ("subscriptions", "invoices") for one in tables[kind] if is_cut_off(kind, one)]
        self._all([partial(complete, self._api, kind, one, self._deadline) for kind, one in cut])

    def _add_payments_of(self, invoices: Sequence[Json], tables: Tables) -> None:
        """The payment intents and charges behind invoices of customers that are not linked."""
        for invoice in invoices:
            intents, charges = payment_refs(invoice)
            self._add_missing(tables["payment_intents"], "payment_intents", intents)
            latest = {ref(one.get("latest_charge")) for one in tables["payment_intents"] if one["id"] in intents}
            self._add_missing(tables["charges"], "charges", charges | {found for found in latest if found})

    def _add_missing(self, objects: list[Json], kind: str, ids: set[str]) -> None:
        missing = sorted(ids - {one["id"] for one in objects})
        objects += [one for one in self._all([self._one(kind, object_id) for object_id in missing]) if one is not None]

    def _disputes(self, charges: Sequence[Json]) -> list[Json]:
        disputed = [charge["id"] for charge in charges if charge.get("disputed") or charge.get("dispute")]
        answers = self._all([self._list("disputes", {"charge": charge_id}) for charge_id in disputed])
        return [dispute for disputes in answers for dispute in disputes or ()]

    def _one(self, kind: str, object_id: str) -> Task:
        return partial(self._api.retrieve, kind, object_id, self._deadline, RETRIEVE_PARAMS.get(kind, {}))

    def _list_of(self, name: str, customer_id: str) -> Task:
        return self._list(name, {"customer": customer_id, **LIST_PARAMS.get(name, {})})

    def _list(self, name: str, params: Mapping[str, Any]) -> Task:
        return partial(self._api.everything, f"/v1/{name}", params, self._deadline)

    def _all(self, tasks: Sequence[Task]) -> list[Any]:
        """All answers, in order, or the first failure once every task has ended."""
        if len(tasks) == 1:
            return [tasks[0]()]
        futures = [self._executor.submit(task) for task in tasks]
        failed = [error for error in [future.exception() for future in futures] if error is not None]
        if failed:
            raise failed[0]
        return [future.result() for future in futures]

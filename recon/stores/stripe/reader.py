"""Accounts, live: everything that the rules read of their Stripe customers, all requests of a round in parallel.

First round, for each customer: the customer itself and its four lists. Second round, what the first one referred to:
invoices that only the ledger names (with their payments' intents and charges), disputes of disputed charges, and the
rest of nested lists that were cut off.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from recon.stores.base import Scope
from recon.stores.stripe.client import Json, StripeApi
from recon.stores.stripe.errors import Unreadable
from recon.stores.stripe.nested import LIST_PARAMS, RETRIEVE_PARAMS, complete, is_cut_off, payment_refs, ref
from recon.stores.threads import KeptThreads

LISTS: Final = ("subscriptions", "invoices", "payment_intents", "charges")
Tables = dict[str, list[Json]]
Task = Callable[[], Any]
Asking = Generator[Sequence[Task], list[Any], Any]
"""Yields the requests of a round, is sent their answers in the same order, and returns what it made of them."""


def read_accounts(api: StripeApi, threads: KeptThreads, scopes: Sequence[Scope]) -> dict[str, Tables | Unreadable]:
    """Stripe's lists by name for each account; Unreadable for one of which any request fails for good."""
    deadline = api.deadline()
    asking: dict[str, Asking] = {scope.account_id: AccountReader(api, scope, deadline).tables() for scope in scopes}
    said: dict[str, Tables | Unreadable] = {}
    answers: dict[str, Any] = dict.fromkeys(asking)
    while answers:
        rounds: dict[str, Sequence[Task]] = {}
        for account_id, answered in answers.items():
            try:
                rounds[account_id] = asking[account_id].send(answered)
            except StopIteration as end:
                said[account_id] = end.value
            except Unreadable as error:
                said[account_id] = error
        answers = {}
        for account_id, found in _all(threads, rounds).items():
            if isinstance(found, Unreadable):
                said[account_id] = found
            else:
                answers[account_id] = found
    return said


def _all(threads: KeptThreads, rounds: Mapping[str, Sequence[Task]]) -> dict[str, list[Any] | Unreadable]:
    """Each account's answers, in order, or its first failure, once every request has ended."""
    sent = {account_id: [threads.submit(task) for task in tasks] for account_id, tasks in rounds.items()}
    ended = {account_id: [future.exception() for future in futures] for account_id, futures in sent.items()}
    found: dict[str, list[Any] | Unreadable] = {}
    for account_id, errors in ended.items():
        failed = next((error for error in errors if error is not None), None)
        if failed is not None and not isinstance(failed, Unreadable):
            raise failed
        found[account_id] = failed or [future.result() for future in sent[account_id]]
    return found


class AccountReader:
    """Reads one scope before a deadline."""

    def __init__(self, api: StripeApi, scope: Scope, deadline: float) -> None:
        self._api = api
        self._scope = scope
        self._deadline = deadline

    def tables(self) -> Asking:
        """Stripe's lists by name. A customer that Stripe does not know is absent; a deleted one says so itself."""
        tables = yield from self._of_customers()
        foreign = yield from self._foreign_invoices(tables["invoices"])
        tables["invoices"] += foreign
        yield from self._complete_nested(tables)
        yield from self._add_payments_of(foreign, tables)
        tables["disputes"] = yield from self._disputes(tables["charges"])
        return tables

    def _of_customers(self) -> Asking:
        ids = self._scope.stripe_customer_ids
        lists = [(name, customer_id) for customer_id in ids for name in LISTS]
        asked = [self._one("customers", customer_id) for customer_id in ids]
        asked += [self._list_of(name, customer_id) for name, customer_id in lists]
        answers = (yield asked) if asked else []
        customers = dict(zip(ids, answers, strict=False))
        tables: Tables = {name: [] for name in ("customers", *LISTS)}
        tables["customers"] = [customer for customer in customers.values() if customer is not None]
        for (name, customer_id), objects in zip(lists, answers[len(ids) :], strict=True):
            if objects is None and customers[customer_id] is not None:
                raise Unreadable(f"Stripe shows {customer_id}, and denies it in its {name}: read it again.")
            tables[name] += objects or []
        return tables

    def _foreign_invoices(self, listed: Sequence[Json]) -> Asking:
        """Invoices of the ledger that no list showed, whoever's customer they are; one that is not there is absent."""
        known = {invoice["id"] for invoice in listed}
        missing = [object_id for object_id in self._scope.stripe_invoice_ids if object_id not in known]
        return (yield from self._those("invoices", missing))

    def _complete_nested(self, tables: Tables) -> Asking:
        """An invoice's payments and a subscription's items beyond those that stand inside it."""
        cut = [(kind, one) for kind in ("subscriptions", "invoices") for one in tables[kind] if is_cut_off(kind, one)]
        if cut:
            yield [partial(complete, self._api, kind, one, self._deadline) for kind, one in cut]

    def _add_payments_of(self, invoices: Sequence[Json], tables: Tables) -> Asking:
        """The payment intents and charges behind invoices of customers that are not linked."""
        for invoice in invoices:
            intents, charges = payment_refs(invoice)
            yield from self._add_missing(tables["payment_intents"], "payment_intents", intents)
            latest = {ref(one.get("latest_charge")) for one in tables["payment_intents"] if one["id"] in intents}
            yield from self._add_missing(tables["charges"], "charges", charges | {found for found in latest if found})

    def _add_missing(self, objects: list[Json], kind: str, ids: set[str]) -> Asking:
        objects += yield from self._those(kind, sorted(ids - {one["id"] for one in objects}))

    def _those(self, kind: str, ids: Sequence[str]) -> Asking:
        """The objects of these ids; one that is not there is absent."""
        answers = (yield [self._one(kind, object_id) for object_id in ids]) if ids else []
        return [one for one in answers if one is not None]

    def _disputes(self, charges: Sequence[Json]) -> Asking:
        disputed = [charge["id"] for charge in charges if charge.get("disputed") or charge.get("dispute")]
        answers = (yield [self._list("disputes", {"charge": charge_id}) for charge_id in disputed]) if disputed else []
        return [dispute for disputes in answers for dispute in disputes or ()]

    def _one(self, kind: str, object_id: str) -> Task:
        return partial(self._api.retrieve, kind, object_id, self._deadline, RETRIEVE_PARAMS.get(kind, {}))

    def _list_of(self, name: str, customer_id: str) -> Task:
        return self._list(name, {"customer": customer_id, **LIST_PARAMS.get(name, {})})

    def _list(self, name: str, params: Mapping[str, Any]) -> Task:
        return partial(self._api.everything, f"/v1/{name}", params, self._deadline)

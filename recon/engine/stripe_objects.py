"""Stripe's JSON objects → facts, in the shapes from before API version 2025-03-31 and after it.

Old: `invoice.subscription`, `invoice.charge`, `invoice.payment_intent`, `invoice.paid_out_of_band`, `charge.invoice`,
`payment_intent.invoice`, plans on items. New: `invoice.parent.subscription_details.subscription`, `invoice.payments`.
A reference may be an id or the expanded object. A status outside Stripe's documented values, or an object of the other
mode, becomes a `Problem`; a malformed object is a `CaseError`.
https://docs.stripe.com/changelog/basil
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from recon.engine.enums import (
    ChargeStatus,
    DisputeStatus,
    InvoicePaymentStatus,
    PauseBehavior,
    PaymentIntentStatus,
    StoreName,
    StripeInvoiceStatus,
    SubscriptionStatus,
)
from recon.engine.facts import (
    Charge,
    Dispute,
    InvoicePayment,
    PaymentIntent,
    Price,
    Problem,
    StripeCustomer,
    StripeFacts,
    StripeInvoice,
    Subscription,
)
from recon.engine.values import CaseError, boolean, currency, epoch, identifier, integer, mapping, sequence, text

Choice = TypeVar("Choice", bound=StrEnum)
Fact = TypeVar("Fact")


class StripeReader:
    """Reads Stripe's lists of one case; collects the problems that T0 answers for."""

    def __init__(self, *, livemode: bool) -> None:
        self.livemode = livemode
        self.problems: list[Problem] = []

    def read(self, lists: Mapping[str, Sequence[Any]], path: str) -> StripeFacts:
        """All lists at once; a list that is left out reads as empty (whether it may be is the caller's to know).

        No rule reads a credit note, but its mode counts like any object's.
        """
        self._list(lists, "credit_notes", path, _unread)
        return StripeFacts(
            customers=self._list(lists, "customers", path, self._customer),
            subscriptions=self._list(lists, "subscriptions", path, self._subscription),
            invoices=self._list(lists, "invoices", path, self._invoice),
            payment_intents=self._list(lists, "payment_intents", path, self._payment_intent),
            charges=self._list(lists, "charges", path, self._charge),
            disputes=self._list(lists, "disputes", path, self._dispute),
            invoice_payments=self._list(lists, "invoice_payments", path, self._invoice_payment),
        )

    def _list(
        self, lists: Mapping[str, Sequence[Any]], name: str, path: str, build: Callable[["_Object"], Fact | None]
    ) -> tuple[Fact, ...]:
        seen: set[str] = set()
        facts: list[Fact] = []
        for place, value in enumerate(lists.get(name, ())):
            one = _Object(mapping(value, f"{path}.{name}[{place}]"), f"{path}.{name}[{place}]", f"{name}[{place}]")
            if one.id in seen:
                raise CaseError(f"{one.path}.id", "the same object stands here twice")
            seen.add(one.id)
            self._check_mode(one, name)
            fact = build(one)
            if fact is not None:
                facts.append(fact)
        return tuple(facts)

    def _check_mode(self, one: "_Object", table: str) -> None:
        mode = one.value.get("livemode")
        if mode is not None and boolean(mode, f"{one.path}.livemode") is not self.livemode:
            expected = "live" if self.livemode else "test"
            self._problem(
                f"{table}[{one.id}].livemode", f"an object of the wrong mode, {expected} objects are read here"
            )

    def _problem(self, place: str, reason: str) -> None:
        self.problems.append(Problem(StoreName.STRIPE, f"stripe.{place}", reason, None))

    def _status(self, one: "_Object", table: str, choices: type[Choice]) -> Choice | None:
        return self._choice(one.value.get("status"), choices, f"{one.path}.status", f"{table}[{one.id}].status")

    def _choice(self, value: object, choices: type[Choice], path: str, place: str) -> Choice | None:
        written = None if value is None else text(value, path)
        if written is None or written not in choices._value2member_map_:
            self._problem(place, f"{_shown(written)} is not a value that Stripe documents")
            return None
        return choices(written)

    def _customer(self, one: "_Object") -> StripeCustomer:
        metadata = one.mapping("metadata")
        settings = one.mapping("invoice_settings")
        return StripeCustomer(
            id=one.id,
            deleted=one.flag("deleted"),
            account_id=_metadata(metadata, "account_id", one.path),
            debt_state=_metadata(metadata, "debt_state", one.path),
            has_payment_method=bool(settings.get("default_payment_method") or one.value.get("default_source")),
        )

    def _subscription(self, one: "_Object") -> Subscription | None:
        status = self._status(one, "subscriptions", SubscriptionStatus)
        pause = one.mapping("pause_collection")
        behavior = None
        if pause:
            place = f"subscriptions[{one.id}].pause_collection.behavior"
            behavior = self._choice(
                pause.get("behavior"), PauseBehavior, f"{one.path}.pause_collection.behavior", place
            )
        if status is None:
            return None
        return Subscription(
            id=one.id,
            customer=one.reference("customer"),
            status=status,
            created=one.time("created") or epoch(0, one.path),
            currency=one.currency_or_none("currency"),
            prices=_prices(one),
            pause_behavior=behavior,
            has_payment_method=bool(one.value.get("default_payment_method") or one.value.get("default_source")),
        )

    def _invoice(self, one: "_Object") -> StripeInvoice | None:
        payments = self._nested_payments(one)
        status = self._status(one, "invoices", StripeInvoiceStatus)
        if status is None:
            return None
        unpaid = status in (StripeInvoiceStatus.OPEN, StripeInvoiceStatus.UNCOLLECTIBLE)
        references = (one.reference("charge"), one.reference("payment_intent"))
        return StripeInvoice(
            id=one.id,
            customer=one.reference("customer"),
            subscription=_invoice_subscription(one),
            status=status,
            currency=one.currency("currency"),
            amount_remaining=one.amount("amount_remaining") if unpaid else one.amount_or_zero("amount_remaining"),
            amount_paid=one.amount_or_zero("amount_paid"),
            amount_due=one.amount_or_zero("amount_due") or one.amount_or_zero("total"),
            paid_out_of_band=one.flag("paid_out_of_band"),
            amount_paid_off_stripe=one.amount_or_zero("amount_paid_off_stripe"),
            forgiven=_uncollectible_reason(one) == "user_forgiven",
            billing_reason=one.text_or_none("billing_reason"),
            created=one.time("created"),
            due_date=one.time("due_date"),
            finalized_at=one.child("status_transitions").time("finalized_at"),
            processor_refs=tuple(reference for reference in references if reference),
            payments=payments,
        )

    def _nested_payments(self, one: "_Object") -> tuple[InvoicePayment, ...]:
        """`invoice.payments.data`; the invoice's own id and currency stand in where a payment leaves them out."""
        page = one.mapping("payments")
        payments = []
        for place, value in enumerate(sequence(page.get("data", ()), f"{one.path}.payments.data")):
            path = f"{one.path}.payments.data[{place}]"
            nested = {"invoice": one.id, "currency": one.value.get("currency"), **mapping(value, path)}
            child = _Object(nested, path, "payments")
            self._check_mode(child, "invoice_payments")
            payment = self._invoice_payment(child)
            if payment is not None:
                payments.append(payment)
        return tuple(payments)

    def _invoice_payment(self, one: "_Object") -> InvoicePayment | None:
        status = self._status(one, "invoice_payments", InvoicePaymentStatus)
        if status is None:
            return None
        payment = one.child("payment")
        return InvoicePayment(
            id=one.id,
            invoice=one.reference("invoice"),
            status=status,
            amount_paid=one.amount_or_zero("amount_paid"),
            amount_requested=one.amount_or_zero("amount_requested"),
            currency=one.currency("currency"),
            processor_ref=payment.reference("payment_intent") or payment.reference("charge"),
        )

    def _payment_intent(self, one: "_Object") -> PaymentIntent | None:
        status = self._status(one, "payment_intents", PaymentIntentStatus)
        if status is None:
            return None
        amount = one.amount("amount")
        return PaymentIntent(
            id=one.id,
            customer=one.reference("customer"),
            status=status,
            amount=amount,
            amount_received=amount if one.value.get("amount_received") is None else one.amount("amount_received"),
            currency=one.currency("currency"),
            created=one.time("created") or epoch(0, one.path),
            invoice=one.reference("invoice"),
            latest_charge=one.reference("latest_charge"),
        )

    def _charge(self, one: "_Object") -> Charge | None:
        status = self._status(one, "charges", ChargeStatus)
        if status is None:
            return None
        amount = one.amount("amount")
        return Charge(
            id=one.id,
            customer=one.reference("customer"),
            status=status,
            captured=one.flag("captured"),
            amount_captured=amount if one.value.get("amount_captured") is None else one.amount("amount_captured"),
            currency=one.currency("currency"),
            payment_intent=one.reference("payment_intent"),
            invoice=one.reference("invoice"),
        )

    def _dispute(self, one: "_Object") -> Dispute | None:
        status = self._status(one, "disputes", DisputeStatus)
        if status is None:
            return None
        return Dispute(
            id=one.id,
            status=status,
            amount=one.amount("amount"),
            currency=one.currency("currency"),
            created=one.time("created") or epoch(0, one.path),
            charge=one.reference("charge"),
            payment_intent=one.reference("payment_intent"),
        )


class _Object:
    """One Stripe object with the path that leads to it: every getter checks the type and names the path."""

    __slots__ = ("id", "path", "value")

    def __init__(self, value: Mapping[str, Any], path: str, name: str) -> None:
        if "id" not in value:
            raise CaseError(f"{path}.id", f"an object of Stripe without an id ({name})")
        self.id = identifier(value["id"], f"{path}.id")
        self.value = value
        self.path = path

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.value.get(name)
        return {} if value is None else mapping(value, f"{self.path}.{name}")

    def child(self, name: str) -> "_Object":
        return _Object({"id": self.id, **self.mapping(name)}, f"{self.path}.{name}", name)

    def reference(self, name: str) -> str | None:
        """The id in an expandable field."""
        value = self.value.get(name)
        if isinstance(value, Mapping):
            value = value.get("id")
        return None if value is None else identifier(value, f"{self.path}.{name}")

    def text_or_none(self, name: str) -> str | None:
        value = self.value.get(name)
        return None if value is None else text(value, f"{self.path}.{name}")

    def flag(self, name: str) -> bool:
        value = self.value.get(name)
        return False if value is None else boolean(value, f"{self.path}.{name}")

    def amount(self, name: str) -> int:
        return integer(self.value.get(name), f"{self.path}.{name}", 0)

    def amount_or_zero(self, name: str) -> int:
        return 0 if self.value.get(name) is None else integer(self.value[name], f"{self.path}.{name}")

    def currency(self, name: str) -> str:
        return currency(self.value.get(name), f"{self.path}.{name}")

    def currency_or_none(self, name: str) -> str | None:
        return None if self.value.get(name) is None else self.currency(name)

    def time(self, name: str) -> datetime | None:
        value = self.value.get(name)
        return None if value is None else epoch(value, f"{self.path}.{name}")


def _unread(_: _Object) -> None:
    """Nothing is taken from an object that no rule reads."""


def _shown(value: str | None) -> str:
    return "nothing" if value is None else repr(value[:40])


def _metadata(metadata: Mapping[str, Any], name: str, path: str) -> str | None:
    """A metadata value; Stripe removes a key that is set to the empty text, so the two are one."""
    value = metadata.get(name)
    return text(value, f"{path}.metadata.{name}") or None if value is not None else None


def _invoice_subscription(one: _Object) -> str | None:
    return one.reference("subscription") or one.child("parent").child("subscription_details").reference("subscription")


def _uncollectible_reason(one: _Object) -> str | None:
    return one.child("status_details").child("uncollectible").text_or_none("reason")


def _prices(one: _Object) -> tuple[Price, ...]:
    """The prices of a subscription's items; an item's plan, or the subscription's own, where there is no price."""
    items = sequence(one.mapping("items").get("data", ()), f"{one.path}.items.data")
    found = [
        _price(item.get("price") or item.get("plan"), f"{one.path}.items.data[{place}].price")
        for place, item in enumerate(mapping(item, f"{one.path}.items.data[{at}]") for at, item in enumerate(items))
    ]
    if not found:
        found = [_price(one.value.get("plan"), f"{one.path}.plan")]
    return tuple(price for price in found if price is not None)


def _price(value: object, path: str) -> Price | None:
    if value is None:
        return None
    if isinstance(value, str):
        return Price(value, None, None, None)
    one = _Object(mapping(value, path), path, "price")
    return Price(
        id=one.id,
        currency=one.currency_or_none("currency"),
        plan_code=_metadata(one.mapping("metadata"), "plan_code", path),
        lookup_key=one.text_or_none("lookup_key"),
    )

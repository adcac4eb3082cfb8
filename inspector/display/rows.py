"""The rows of the truth matrix: what is to be true, and in which columns of which stores it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from recon.queries.account import AccountView, Json


@dataclass(frozen=True, slots=True)
class Place:
    """One column of one store where a truth is kept; `default` is what a missing row counts as."""

    store: str
    table: str
    column: str
    default: object


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands at a place: `key` is a Stripe customer's id, else empty; `exists` False when the default counts."""

    key: str
    value: object
    exists: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is to be true: the truth's `field` (balances: with `currency`), where it is kept."""

    label: str
    field: str
    places: tuple[Place, ...]
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that answer one question."""

    label: str
    lines: tuple[Line, ...]


_DEBT = (
    Line(
        "Debt state",
        "state",
        (
            Place("subs_dunning", "dunning", "state", "clear"),
            Place("stripe", "customers", "metadata.debt_state", "clear"),
        ),
    ),
    Line("State before caps", "raw_state", (Place("subs_dunning", "dunning", "raw_state", "clear"),)),
    Line(
        "Has debt",
        "has_debt",
        (
            Place("subs_dunning", "dunning", "has_debt", False),
            Place("billing_prod", "account_flags", "has_debt", False),
        ),
    ),
    Line(
        "Is bad debt",
        "is_bad_debt",
        (
            Place("subs_dunning", "dunning", "is_bad_debt", False),
            Place("billing_prod", "account_flags", "in_bad_debt", False),
        ),
    ),
    Line("Payment status", "payment_status", (Place("subs_account", "accounts", "payment_status", "none"),)),
    Line("Delinquent", "delinquent", (Place("subs_customer", "customers", "delinquent", False),)),
    Line("Oldest due", "oldest_due_at", (Place("subs_dunning", "dunning", "oldest_due_at", None),)),
)
_ACCESS = (
    Line("Plan is active", "plan_active", (Place("cf_prod", "entitlements", "plan_active", False),)),
    Line("Effective plan", "effective_plan", (Place("cf_prod", "entitlements", "effective_plan", "free"),)),
    Line("Billing block", "billing_block", (Place("cf_prod", "blocks", "level", None),)),
    Line("Restricted", "restricted", (Place("cf_prod", "entitlements", "restricted", False),)),
    Line("Suspended", "suspended", (Place("cf_prod", "entitlements", "suspended", False),)),
)
_CUSTOMER = (
    Line("Plan", "plan_code", (Place("subs_account", "accounts", "plan_code", "free"),)),
    Line(
        "Primary subscription",
        "primary_subscription_id",
        (Place("subs_account", "accounts", "primary_subscription_id", None),),
    ),
    Line(
        "No successful payment",
        "has_no_successful_payment",
        (Place("subs_customer", "customers", "has_no_successful_payment", True),),
    ),
    Line(
        "Has payment method", "has_payment_method", (Place("subs_customer", "customers", "has_payment_method", False),)
    ),
)


def groups(view: AccountView) -> Sequence[Group]:
    """The matrix's rows for this account: the fixed ones, and two for each currency that the truth or a store names."""
    return (
        Group("Debt", _DEBT + tuple(_balance_lines(view))),
        Group("Access", _ACCESS),
        Group("Customer and plan", _CUSTOMER),
    )


def _balance_lines(view: AccountView) -> list[Line]:
    """A line for each number that the truth or the store has; where both say nothing, it is nothing."""
    true = (view.truth or {}).get("balances", {})
    stored = {str(row.get("currency")): row for row in view.stores["subs_dunning"].rows("balances")}
    return [
        Line(f"{label} {currency.upper()}", f"balances.{column}", (place,), currency)
        for currency in sorted({*true, *stored})
        for label, column in (("Collectible", "collectible_minor"), ("Written off", "written_off_minor"))
        if true.get(currency, {}).get(column) or stored.get(currency, {}).get(column)
        for place in (Place("subs_dunning", "balances", column, 0),)
    ]


def stored_values(view: AccountView, place: Place, currency: str | None) -> list[Stored]:
    """What the store says at this place: one value, or one for each Stripe customer; the default where no row is."""
    rows = rows_at(view, place, currency)
    if place.store == "stripe":
        values = [_customer_value(row, place) for row in rows]
    else:
        values = [Stored("", row.get(place.column, place.default), True) for row in rows]
    return values or [Stored("", place.default, False)]


def rows_at(view: AccountView, place: Place, currency: str | None) -> Sequence[Json]:
    """The account's rows at this place as the store has them: one or none, or each Stripe customer's."""
    rows = view.stores[place.store].rows(place.table)
    if place.store == "stripe":
        return [row for row in rows if not row.get("deleted")]
    return [row for row in rows if row.get("account_id") == view.account_id and _is_line_of(row, place, currency)]


def _customer_value(row: Json, place: Place) -> Stored:
    value = (row.get("metadata") or {}).get(place.column.removeprefix("metadata."))
    return Stored(str(row.get("id")), place.default if value is None else value, value is not None)


def _is_line_of(row: Json, place: Place, currency: str | None) -> bool:
    if place.table == "blocks":
        return row.get("reason") == "billing_debt"
    return currency is None or row.get("currency") == currency


def label_at(store: str, column: str) -> str:
    """What the matrix calls a column of a store; a column that it has no row for is said in its own words."""
    lines = (line for group in (_DEBT, _ACCESS, _CUSTOMER) for line in group)
    found = (line.label for line in lines for place in line.places if (place.store, place.column) == (store, column))
    return next(found, column.removesuffix("_minor").replace("_", " ").capitalize())

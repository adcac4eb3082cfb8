"""Who is meant by a few words: an account id, a Stripe customer id or an email, exactly as given."""

from dataclasses import dataclass

from recon.models import AccountState, StripeObject, SubsCustomerSnapshot

MOST = 50


@dataclass(frozen=True, slots=True)
class Found:
    """An account that a word led to, and by what."""

    account_id: str
    by: str


def find_exact(text: str) -> list[Found]:
    """Every account that the text names exactly; at most 50, by id."""
    if not text or "\x00" in text:
        return []
    if AccountState.objects.filter(account_id=text).exists():
        return [Found(text, "account id")]
    if text.startswith("cus_"):
        return _by_customer(text)
    return _by_email(text) if "@" in text else []


def _by_customer(customer_id: str) -> list[Found]:
    """The accounts to which subs_customer links the Stripe customer, else the one that its metadata names."""
    linked = _ids("customers", "stripe_customer_id", customer_id) | _ids(
        "customer_aliases", "stripe_customer_id", customer_id
    )
    if linked:
        return [Found(account_id, "Stripe customer") for account_id in sorted(linked)[:MOST]]
    claims = StripeObject.objects.filter(id=customer_id, account_id__isnull=False)
    return [
        Found(claim, "the Stripe customer's metadata")
        for claim in claims.values_list("account_id", flat=True)
        if claim is not None
    ]


def _by_email(email: str) -> list[Found]:
    found = _ids("customers", "email", email) | _ids("customers", "email", email.lower())
    return [Found(account_id, "email") for account_id in sorted(found)[:MOST]]


def _ids(table: str, column: str, value: str) -> set[str]:
    """Accounts of which subs_customer ever said so, as far as we read it."""
    rows = SubsCustomerSnapshot.objects.filter(**{f"{table}__contains": [{column: value}]}).values_list(
        table, flat=True
    )
    return {row["account_id"] for said in rows for row in said if row.get(column) == value}

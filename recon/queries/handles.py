"""What an account is looked up by, and how a person's words and the stores' texts are made comparable.

Pure: an account's handles follow from what each store said last, and nothing else. Folded texts have no case, no
accents and single spaces; a run of three letters never crosses a space, so that words are found in any order.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recon.engine.facts import StoreName

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

SAYS_HANDLES = (StoreName.SUBS_ACCOUNT, StoreName.SUBS_CUSTOMER, StoreName.BILLING_PROD, StoreName.STRIPE)
# What an index of PostgreSQL holds in one entry ends at some 2,700 bytes; an email ends at 320 characters.
LONGEST = 320
MOST_NAMES = 50
STRIPE_LISTS = ("customers", "subscriptions", "invoices", "payment_intents", "charges", "disputes")
# Letters that Unicode does not take apart into a letter and its mark.
UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Handles:
    """All that leads to one account; the fields are those of `AccountHandles`."""

    account_id: str
    ids: list[str]
    names: list[str]
    words: list[str]
    first_email: str
    first_name: str
    grams: list[str]


def fold(text: str) -> str:
    """`  Zoë  MÜLLER ` → `zoe muller`; at most 320 characters."""
    if text.isascii():
        return " ".join(text.lower().replace("\x00", "").split())[:LONGEST]
    parts = unicodedata.normalize("NFKD", storable(text)[:LONGEST])
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(plain.casefold().translate(UNMARKED).split())[:LONGEST]


def storable(text: str) -> str:
    """Without the characters that PostgreSQL's text cannot hold."""
    return UNSTORABLE.sub("", text)


def grams_of(folded: str) -> set[str]:
    """All runs of three letters within the words of a folded text."""
    return {word[at : at + 3] for word in folded.split() for at in range(len(word) - 2)}


def handles_of(account_id: str, said: Mapping[StoreName, Tables]) -> Handles:
    """The handles of one account out of the rows of each store that ever answered; rows may hold anything."""
    customers = _rows(said, StoreName.SUBS_CUSTOMER, "customers")
    family = family_of(account_id, customers)
    names = _names(account_id, family, customers, said)
    emails = [folded for folded in names if "@" in folded]
    ids = {account_id, *family, *emails, *_customer_ids(account_id, family, customers, said)}
    ids.update(_ledger_ids(family, said), _stripe_ids(said))
    ids.update(_texts(_rows(said, StoreName.SUBS_ACCOUNT, "accounts"), "primary_subscription_id"))
    return Handles(
        account_id=account_id,
        ids=sorted(id for id in ids if len(id) <= LONGEST),
        names=list(names.values()),
        words=list(names),
        first_email=emails[0] if emails else "",
        first_name=next((folded for folded in names if "@" not in folded), ""),
        grams=sorted(set().union(*map(grams_of, names))),
    )


def family_of(account_id: str, customers: Sequence[Mapping[str, Any]]) -> set[str]:
    """The account and those merged into it, through any number of steps."""
    family, grown = {account_id}, True
    while grown:
        merged = {id for row in customers if row.get("merged_into") in family for id in _texts([row], "account_id")}
        grown = not merged <= family
        family |= merged
    return family


def _names(
    account_id: str, family: set[str], customers: Sequence[Mapping[str, Any]], said: Mapping[StoreName, Tables]
) -> dict[str, str]:
    """Folded → as the first store writes it: the account's own row, then those merged in, then Stripe's customers."""
    own = [row for row in customers if row.get("account_id") == account_id]
    merged = [row for row in customers if row.get("account_id") in family and row not in own]
    names: dict[str, str] = {}
    for row in (*own, *merged, *_rows(said, StoreName.STRIPE, "customers")):
        for text in _texts([row], "email", "name"):
            folded = fold(text)
            if folded and len(names) < MOST_NAMES:
                names.setdefault(folded, text[:LONGEST])
    return names


def _customer_ids(
    account_id: str, family: set[str], customers: Sequence[Mapping[str, Any]], said: Mapping[StoreName, Tables]
) -> Iterator[str]:
    """The Stripe customers that are linked, and the account that this one was merged into."""
    yield from _texts([row for row in customers if row.get("account_id") in family], "stripe_customer_id")
    yield from _texts([row for row in customers if row.get("account_id") == account_id], "merged_into")
    aliases = _rows(said, StoreName.SUBS_CUSTOMER, "customer_aliases")
    yield from _texts([row for row in aliases if row.get("account_id") in family], "stripe_customer_id")


def _ledger_ids(family: set[str], said: Mapping[StoreName, Tables]) -> Iterator[str]:
    """Of the family's own rows: the ledger may show a neighbour's too, to tell who else claims an invoice."""
    for table, columns in (
        ("invoices", ("invoice_id", "stripe_invoice_id")),
        ("payments", ("payment_id", "processor_ref")),
    ):
        rows = _rows(said, StoreName.BILLING_PROD, table)
        yield from _texts([row for row in rows if row.get("account_id") in family], *columns)


def _stripe_ids(said: Mapping[StoreName, Tables]) -> Iterator[str]:
    """Every object's id, and the number that stands on an invoice as the customer has it."""
    for table in STRIPE_LISTS:
        yield from _texts(_rows(said, StoreName.STRIPE, table), "id")
    yield from _texts(_rows(said, StoreName.STRIPE, "invoices"), "number")


def _rows(said: Mapping[StoreName, Tables], store: StoreName, table: str) -> list[Mapping[str, Any]]:
    return [row for row in said.get(store, {}).get(table, ()) if isinstance(row, Mapping)]


def _texts(rows: Iterable[Mapping[str, Any]], *columns: str) -> Iterator[str]:
    """What the columns hold, where it is a text that can be stored."""
    for row in rows:
        for column in columns:
            value = row.get(column)
            if isinstance(value, str) and (text := storable(value)):
                yield text

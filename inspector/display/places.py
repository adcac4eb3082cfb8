"""Where an id leads: to its row among the page's facts, and to Stripe's dashboard."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings

_DASHBOARD = "https://dashboard.stripe.com/"
_PAGES = {
    "cus": "customers",
    "sub": "subscriptions",
    "in": "invoices",
    "pi": "payments",
    "ch": "payments",
    "py": "payments",
    "dp": "disputes",
    "du": "disputes",
}
_STRIPE_ID = re.compile(rf"({'|'.join(_PAGES)})_[A-Za-z0-9]+")
_REF = re.compile(r"([\w.]+)\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Ref:
    """A text that may lead somewhere: `href` empty where it does not."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """The anchors that stand among the facts of one account's page; `whole_href` shows all of them, and is empty where
    the page does already."""

    anchors: frozenset[str]
    whole_href: str

    def ref(self, text: str) -> Ref:
        """A row as rules name it (`billing_prod.invoices[inv_1]`), leading to where the page shows it."""
        anchor = anchor_of(text)
        if anchor in self.anchors:
            return Ref(text, f"#{quote(anchor)}")
        return Ref(text, f"{self.whole_href}#{quote(anchor)}" if anchor and self.whole_href else "")

    def refs(self, texts: Iterable[str]) -> tuple[Ref, ...]:
        return tuple(map(self.ref, texts))


def anchor_of(ref: str) -> str:
    """`store.table[id]…` as an id in a page: `store.table.id`; empty for what names no row."""
    found = _REF.match(ref)
    return "" if found is None else anchor(found[1], found[2])


def anchor(table: str, key: str) -> str:
    """`table` as store.table; an id of an element holds no white space."""
    return f"{table}.{'_'.join(key.split())}"


def stripe_ref(object_id: str) -> Ref:
    """An id that leads to Stripe's dashboard, where it is one of a kind that has a page there."""
    found = _STRIPE_ID.fullmatch(object_id)
    if found is None:
        return Ref(object_id)
    mode = "" if settings.STRIPE_LIVEMODE else "test/"
    return Ref(object_id, f"{_DASHBOARD}{mode}{_PAGES[found[1]]}/{object_id}")

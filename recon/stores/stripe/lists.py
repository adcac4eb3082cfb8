"""Whole lists, page by page, for the mirror: resumable after any object that was seen."""

from collections.abc import Generator, Iterator
from typing import Final

from recon.stores.stripe.client import Json, StripeApi
from recon.stores.stripe.errors import Unreadable
from recon.stores.stripe.nested import LIST_PARAMS, complete, is_cut_off

KINDS: Final = ("customers", "subscriptions", "invoices", "payment_intents", "charges", "disputes", "credit_notes")


def list_pages(api: StripeApi, kind: str, starting_after: str | None) -> Iterator[list[Json]]:
    """Pages of up to 100 objects, newest first, each with its nested lists whole. Unreadable: as reading any list.

    Where the object to go on after has been deleted meanwhile, the list begins anew: what comes twice does no harm.
    """
    if kind not in KINDS:
        raise ValueError(f"The mirror keeps {', '.join(KINDS)}, and no {kind}.")
    if not (yield from _pages(api, kind, starting_after)) and not (yield from _pages(api, kind, None)):
        raise Unreadable(f"Stripe denies what its own list GET /v1/{kind} showed: start the pass again.")


def _pages(api: StripeApi, kind: str, starting_after: str | None) -> Generator[list[Json], None, bool]:
    """Whether the list came to its end; it does not when the object to go on after is gone."""
    for page in api.pages(f"/v1/{kind}", LIST_PARAMS.get(kind, {}), api.deadline, starting_after):
        if page is None:
            return False
        for one in page:
            if is_cut_off(kind, one):
                complete(api, kind, one, api.deadline())
        yield page
    return True

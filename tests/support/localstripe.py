"""`python -m tests.support.localstripe --port P --from-scratch`: a third party's Stripe, with the older JSON shapes.

It lacks two things, put right here: its list of payment intents knows no `customer`, and it writes all it holds to one
file for every run on the machine.
"""

from typing import Any

from localstripe import resources, server


def payment_intents_of(url: str, customer: str | None = None, **paging: Any) -> resources.List:
    """The list of payment intents as `PaymentIntent` has it, of one customer where asked."""
    found = super(resources.PaymentIntent, resources.PaymentIntent)._api_list_all(url, **paging)
    if customer is not None:
        resources.Customer._api_retrieve(customer)  # 404 where there is none, as its other lists do
        found._list = [one for one in found._list if one.customer == customer]
    return found


if __name__ == "__main__":
    resources.PaymentIntent._api_list_all = payment_intents_of
    resources.Store.dump_to_disk = lambda self: None
    server.start()

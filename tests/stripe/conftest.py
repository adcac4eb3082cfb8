"""An account as the tests of Stripe have it: a customer, a subscription, a paid and an open invoice."""

import pytest

from recon.sandbox.twin import objects
from tests.support.twin import TwinUnderTest

T0 = 1_770_000_000
PRICE = objects.price("price_pro", created=T0, unit_amount=4900)


@pytest.fixture
def account(twin: TwinUnderTest) -> TwinUnderTest:
    twin.load(
        customers=[objects.customer("cus_1", created=T0, metadata={"account_id": "acc_1", "debt_state": "grace"})],
        subscriptions=[objects.subscription("sub_1", customer_id="cus_1", prices=[PRICE], created=T0)],
        invoices=[
            objects.invoice("in_paid", customer_id="cus_1", created=T0, total=4900, status="paid"),
            objects.invoice("in_open", customer_id="cus_1", created=T0 + 1, total=4900),
        ],
        invoice_payments=[
            objects.invoice_payment("inpay_1", invoice_id="in_paid", amount=4900, created=T0, payment_intent="pi_1")
        ],
        payment_intents=[
            objects.payment_intent("pi_1", customer_id="cus_1", amount=4900, created=T0, latest_charge="ch_1")
        ],
        charges=[objects.charge("ch_1", customer_id="cus_1", amount=4900, created=T0, payment_intent_id="pi_1")],
    )
    return twin

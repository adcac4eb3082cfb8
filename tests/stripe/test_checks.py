"""`check --database default` asks Stripe, and says what is wrong with the answer."""

import pytest

from recon import checks
from tests.support.twin import TwinUnderTest

ON = ["default"]


@pytest.fixture
def stripe_settings(twin: TwinUnderTest, settings):
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = twin.key, twin.base
    return settings


def test_a_stripe_that_answers_is_no_trouble(stripe_settings):
    assert checks.check_stripe_answers(None, ON) == []


def test_a_key_that_stripe_refuses_is_named_by_its_setting(stripe_settings):
    stripe_settings.STRIPE_API_KEY = "sk_test_stranger"

    (message,) = checks.check_stripe_answers(None, ON)

    assert (message.id, message.msg) == (
        "recon.E034",
        "Stripe answered 401 to GET /v1/customers: check STRIPE_API_KEY.",
    )


def test_a_stripe_that_is_not_there_is_named_by_its_setting(stripe_settings):
    stripe_settings.STRIPE_API_BASE = "http://127.0.0.1:1"

    (message,) = checks.check_stripe_answers(None, ON)

    assert message.msg.endswith("check STRIPE_API_BASE and the network.")


def test_stripe_is_not_asked_unless_a_database_is_named(stripe_settings):
    stripe_settings.STRIPE_API_BASE = "http://127.0.0.1:1"

    assert checks.check_stripe_answers(None, None) == []

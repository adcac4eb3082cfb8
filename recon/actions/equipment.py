"""What recomputing needs, built from the settings: the six stores, the rules' numbers, the clock."""

from django.conf import settings
from django.utils import timezone

from recon import bootstrap
from recon.actions.evaluate import Rules
from recon.actions.sweep import Sweeper
from recon.actions.sync_stripe import Pace
from recon.engine.policy import Policy


def rules() -> Rules:
    return Rules(policy=Policy.from_json(settings.POLICY), livemode=settings.STRIPE_LIVEMODE)


def sweeper() -> Sweeper:
    return Sweeper(stores=bootstrap.stores(), rules=rules(), clock=timezone.now)


def pace() -> Pace:
    return Pace(settings.STRIPE_REQUESTS_PER_SECOND)

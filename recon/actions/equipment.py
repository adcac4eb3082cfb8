"""What recomputing needs: the six stores and the clock, built from the settings, and the version of the rules' numbers
that governs at this moment. Build it anew for each piece of work: whoever keeps it goes on by numbers of the past."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from recon import bootstrap
from recon.actions.evaluate import Rules
from recon.actions.sweep import Sweeper
from recon.actions.sync_stripe import Pace
from recon.queries.policy import in_force


def rules() -> Rules:
    governing = in_force()
    return Rules(policy=governing.policy, livemode=settings.STRIPE_LIVEMODE, version=governing.number)


def sweeper() -> Sweeper:
    lag = timedelta(seconds=settings.SUSPECT_SECONDS)
    return Sweeper(stores=bootstrap.readers(), rules=rules(), clock=timezone.now, lag=lag)


def pace() -> Pace:
    return Pace(settings.STRIPE_REQUESTS_PER_SECOND)

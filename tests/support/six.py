"""All six stores as the engine uses them, with the test's own clock."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings

from recon.bootstrap import DATABASE_STORES
from recon.engine.facts import StoreName
from recon.stores.base import Store
from recon.stores.stripe import StripeStore
from tests.support.twin import TwinUnderTest


def six_stores(twin: TwinUnderTest, clock: Callable[[], datetime]) -> Mapping[StoreName, Store]:
    databases: dict[StoreName, Store] = {
        kind.name: kind(settings.STORES[kind.name], clock=clock) for kind in DATABASE_STORES
    }
    return {**databases, StoreName.STRIPE: StripeStore(twin.api(), clock=clock)}

"""Six real stores with one account that every one of them has wrong, our own database, and a clock that tests set."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import pytest

from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import AuditEntry
from recon.stores.base import Store
from recon.stores.postgres import PostgresStore
from tests.support import applying
from tests.support.six import six_stores
from tests.support.twin import TwinUnderTest


class SetClock:
    """A clock that stands still until it is moved; each look at it is a second later when it `runs`."""

    def __init__(self) -> None:
        self.now = applying.NOW
        self.runs = False

    def __call__(self) -> datetime:
        if self.runs:
            self.now += timedelta(seconds=1)
        return self.now

    def forward(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def six(
    transactional_db: None,
    load_case: Callable[[dict], None],
    twin: TwinUnderTest,
    clock: SetClock,
) -> Iterator[Mapping[StoreName, Store]]:
    """The six stores, holding the account `acc_1` of `wrong_everywhere`."""
    case = applying.wrong_everywhere()
    load_case(case)
    twin.load_case(case)
    stores = six_stores(twin, clock)
    yield stores
    for store in stores.values():
        if isinstance(store, PostgresStore):
            store.close()


@pytest.fixture
def evaluated(six: Mapping[StoreName, Store], clock: SetClock) -> Evaluation:
    """What a person looked at before approving."""
    return applying.coordinator(six, clock).recompute_now(["acc_1"])["acc_1"]


@pytest.fixture
def audited(transactional_db: None) -> Callable[[], list[str]]:
    """The audit's actions since the test began: the chain itself is never emptied."""
    latest = AuditEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return lambda: list(AuditEntry.objects.filter(seq__gt=latest).order_by("seq").values_list("action", flat=True))

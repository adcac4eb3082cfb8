"""Five stores whose schema is unlike the reference one in names, types and values, read by a file alone."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

from recon.bootstrap import DATABASE_STORES
from recon.engine.facts import StoreName
from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import STORES
from recon.stores.base import Store
from recon.stores.mapping import read_mapping
from recon.stores.stripe import StripeStore
from tests.apply.conftest import SetClock
from tests.support.stores import Connect, connect_as_owner
from tests.support.twin import TwinUnderTest

SECOND: Final = Path(__file__).parent / "second_schema"
SCHEMAS: Final = {
    "subs_account": "crm",
    "subs_customer": "crm",
    "subs_dunning": "collections",
    "billing_prod": "fin",
    "cf_prod": "access",
}


@pytest.fixture(scope="module")
def second_schema(sandbox: Sandbox) -> Iterator[None]:
    """The other schemas beside the reference one, for as long as a file of tests needs them."""
    for store in STORES:
        with connect_as_owner(store, sandbox.env()) as conn:
            conn.execute((SECOND / f"{store}.sql").read_bytes())
    yield
    for store, schema in SCHEMAS.items():
        with connect_as_owner(store, sandbox.env()) as conn:
            conn.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@pytest.fixture
def move(second_schema: None, owner: Connect) -> Callable[[], None]:
    """Moves every row of the reference schema into the other one."""

    def move() -> None:
        for store, schema in SCHEMAS.items():
            owner(store).execute(f"CALL {schema}.move()".encode())

    return move


@pytest.fixture
def mapped(twin: TwinUnderTest) -> Iterator[Callable[..., Mapping[StoreName, Store]]]:
    """All six, the five through the file."""
    made = []

    def stores(clock: SetClock, path: Path = SECOND / "mapping.toml") -> Mapping[StoreName, Store]:
        mapped = read_mapping(path, {kind.name: kind.tables for kind in DATABASE_STORES})
        five = [
            kind(settings.STORES[kind.name], relations=mapped[kind.name].relations, clock=clock)
            for kind in DATABASE_STORES
        ]
        made.extend(five)
        return {**{store.name: store for store in five}, StoreName.STRIPE: StripeStore(twin.api(), clock=clock)}

    yield stores
    for store in made:
        store.close()

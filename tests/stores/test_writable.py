"""A store that can be read and not be written to is found out before anybody approves, and refuses late as well."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings

from recon.apply.coordinator import Outcome
from recon.bootstrap import DATABASE_STORES
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyState
from recon.stores.cf_prod import CfProd
from recon.stores.subs_dunning import SubsDunning
from recon.stores.writable import hindrances
from tests.apply.conftest import clock, six
from tests.support import applying
from tests.support.load import load_rows
from tests.support.standby import Standby

__all__ = ["clock", "six"]

ROLE = "recon_engine_cf_prod"
OFF = "prepared transactions are off"


@pytest.fixture(scope="module")
def unprepared(sandbox) -> Iterator[Standby]:
    """A copy of the cluster that can prepare no transaction."""
    copy = Standby(sandbox)
    copy.build()
    copy.start("-c max_prepared_transactions=0", alone=True)
    yield copy
    copy.destroy()


@pytest.mark.parametrize("kind", DATABASE_STORES, ids=lambda kind: kind.name.value)
def test_nothing_hinders_a_store_as_the_grants_have_it(kind):
    assert hindrances(kind(settings.STORES[kind.name])) == {}


def test_without_prepared_transactions_nothing_can_be_written(unprepared):
    told = hindrances(SubsDunning(unprepared.at(settings.STORES["subs_dunning"])))
    assert (list(told), OFF in told["subs_dunning"]) == (["subs_dunning"], True)


@pytest.mark.parametrize(
    ("revoked", "place"),
    [
        ("UPDATE (suspended) ON entitlements", "cf_prod.entitlements.suspended"),
        ("UPDATE (row_version) ON entitlements", "cf_prod.entitlements"),
        ("INSERT ON entitlements", "cf_prod.entitlements"),
        ("DELETE ON blocks", "cf_prod.blocks"),
    ],
)
def test_what_the_role_lacks_hinders_its_place_alone(owner, revoked, place):
    owner("cf_prod").execute(f"REVOKE {revoked} FROM {ROLE}")
    try:
        told = hindrances(CfProd(settings.STORES["cf_prod"]))
    finally:
        owner("cf_prod").execute(f"GRANT {revoked} TO {ROLE}")
    assert (list(told), "cf_prod.grants.sql" in told[place]) == ([place], True)


@pytest.mark.parametrize(
    ("change", "back", "places"),
    [
        (
            "ALTER TABLE entitlements RENAME TO held; CREATE VIEW entitlements AS SELECT DISTINCT * FROM held;"
            f"GRANT ALL ON entitlements TO {ROLE}",
            "DROP VIEW entitlements; ALTER TABLE held RENAME TO entitlements",
            ["entitlements", *(f"entitlements.{one}" for one in ("effective_plan", "plan_active", "restricted"))],
        ),
        (
            "ALTER TABLE blocks RENAME level TO was;"
            "ALTER TABLE blocks ADD level text GENERATED ALWAYS AS (was) STORED;"
            f"GRANT UPDATE (level) ON blocks TO {ROLE}",
            "ALTER TABLE blocks DROP level; ALTER TABLE blocks RENAME was TO level",
            ["blocks.level"],
        ),
    ],
)
def test_what_nobody_can_write_where_it_is_hinders_its_place(owner, change, back, places):
    owner("cf_prod").execute(change)
    try:
        told = hindrances(CfProd(settings.STORES["cf_prod"]))
    finally:
        owner("cf_prod").execute(back)
    assert {f"cf_prod.{place}" for place in places} <= set(told)
    assert all("nobody can write it where it is" in sentence for sentence in told.values())
    assert all(place.startswith(f"cf_prod.{places[0].partition('.')[0]}") for place in told)


@pytest.mark.django_db(transaction=True)
def test_an_apply_that_comes_to_such_a_store_is_refused_and_writes_nowhere(six, clock, unprepared, sandbox):
    with psycopg.connect(unprepared.at(sandbox.env()["SANDBOX_SUBS_DUNNING_OWNER_URL"])) as owner:
        owner.execute("TRUNCATE dunning, balances, intents")
        rows = applying.wrong_everywhere()["stores"]["subs_dunning"]
        load_rows({"stores": {"subs_dunning": rows}}, lambda _: owner)
    stores = {**six, StoreName.SUBS_DUNNING: SubsDunning(unprepared.at(settings.STORES["subs_dunning"]), clock=clock)}
    evaluated = applying.evaluation(stores, "acc_1", clock())
    result = applying.coordinator(stores, clock).apply(applying.order(evaluated))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "read_only")
    assert "set max_prepared_transactions" in result.sentence
    apply = Apply.objects.get()
    assert (apply.state, apply.refused, apply.code) == (ApplyState.ABORTED, True, "read_only")
    assert applying.evaluation(stores, "acc_1", clock()).plan.digest == evaluated.plan.digest

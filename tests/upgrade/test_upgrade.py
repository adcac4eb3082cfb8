"""The databases that the last release left, under this one: nothing is lost, nothing is told otherwise, and what was
under way goes on. `make_data` says how they are made.
"""

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from recon import bootstrap
from recon.actions import equipment
from recon.actions.recover import recover
from recon.actions.run_sweep import Reports, run_sweep, work_here
from recon.actions.verify_audit import read_checkpoints, verify_audit
from recon.apply.changes import row_from_json
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyBranch, ApplyState, BulkRepair
from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import OURS, STORES, TWIN
from tests.support.bulk import outcomes, work_to_the_end
from tests.support.clients import one_of_many
from tests.support.stores import empty_stores
from tests.support.twin import TwinUnderTest
from tests.upgrade.answers import lacks
from tests.upgrade.work import ACCOUNTS, AUDIT_KEY

DATA: Final = Path(__file__).parent / "data" / "0.1.0"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What the old release told by address, and what this one did before anything went on."""

    token: str
    checkpoints: list[str]
    told: dict[str, Any]
    now: dict[str, Any]


@pytest.fixture(scope="module")
def upgraded(
    sandbox: Sandbox, twin_server: TwinUnderTest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Upgraded]:
    """All seven databases as the release left them, and ours migrated; afterwards as other tests expect them."""
    with django_db_blocker.unblock():
        _empty(sandbox, twin_server)
        for database in (OURS, *STORES, TWIN):
            _load(sandbox, database)
        call_command("migrate", verbosity=0)
        _prepare_again()
        left = json.loads(_text("told.json.xz"))
        reader = one_of_many(headers={"authorization": f"Bearer {left['token']}"})
        now = {address: reader.get(address).json() for address in left["answers"]}
        yield Upgraded(left["token"], left["checkpoints"], left["answers"], now)
        _empty(sandbox, twin_server)
        call_command("migrate", verbosity=0, run_syncdb=True)
        connection.close()


def _empty(sandbox: Sandbox, twin: TwinUnderTest) -> None:
    connection.close()
    sandbox.recreate_ours()
    empty_stores(sandbox.env())
    twin.empty()


def _load(sandbox: Sandbox, database: str) -> None:
    """Ours as its owner, who then migrates it; the others' tables are there already."""
    env = sandbox.env()
    admin = urlsplit(env["SANDBOX_ADMIN_URL"])._replace(path=f"/{database}").geturl()
    with psycopg.connect(env["DATABASE_URL"] if database == OURS else admin) as conn:
        conn.execute(_text(f"{database}.sql.xz").encode())


def _text(name: str) -> str:
    return lzma.decompress((DATA / name).read_bytes()).decode()


def _prepare_again() -> None:
    """What the stores had prepared is in no dump: the same writes, on this server, under the same names."""
    for branch in ApplyBranch.objects.filter(apply__state__in=(ApplyState.PREPARING, ApplyState.COMMITTING)):
        sent = bootstrap.stores()[StoreName(branch.store)].branch()
        sent.send_writes(branch.gid, [row_from_json(row) for row in branch.rows])
        prepared = sent.await_writes()
        sent.send_prepare()
        sent.await_prepare()
        if branch.xid is not None:
            branch.xid, branch.system_identifier = prepared.xid, prepared.system_identifier
            branch.save()


def test_programs_are_answered_as_before_by_the_tokens_that_they_have(upgraded: Upgraded) -> None:
    assert lacks(upgraded.told, upgraded.now) == []


def test_the_audit_is_whole_up_to_the_checkpoints_that_left(upgraded: Upgraded) -> None:
    found = verify_audit(read_checkpoints(upgraded.checkpoints), key=AUDIT_KEY.encode())
    assert (found.problem, found.checkpoints) == ("", len(upgraded.checkpoints))


def test_people_see_their_pages(upgraded: Upgraded) -> None:
    client = one_of_many()
    client.force_login(User.objects.get(username="admin"))
    addresses = ["/", *(f"/{page}/" for page in ("accounts", "cases", "policy", "audit", "failed", "status", "tokens"))]
    addresses += [f"/repairs/{one}/" for one in Apply.objects.values_list("id", flat=True)]
    addresses += [f"/bulk/{one}/" for one in BulkRepair.objects.values_list("id", flat=True)]
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_what_was_in_doubt_is_settled(upgraded: Upgraded) -> None:
    report = recover(whatever_lease=True)
    ends = Apply.objects.filter(reason="cut off").order_by("created_at").values_list("state", flat=True)
    assert (list(ends), report.prepared_left, report.alerts) == (["aborted", "done"], 0, [])


def test_the_bulk_repair_goes_on(upgraded: Upgraded) -> None:
    run = BulkRepair.objects.latest("id")
    work_to_the_end(run)
    assert (run.state, set(outcomes(run).values())) == ("done", {"applied"})


def test_the_sweep_goes_on(upgraded: Upgraded) -> None:
    silent = Reports(lambda *_: None, lambda *_: None)
    work = work_here(equipment.sweeper)
    run = run_sweep(equipment.sweeper(), actor="test", pace=equipment.pace(), work=work, reports=silent)
    assert run.counts["verdicts"] == {"known": ACCOUNTS, "unknown": 0}

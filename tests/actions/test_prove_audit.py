"""Each walk along the chain is kept; a broken one for ever; an append during it is no break."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from recon.actions.checkpoint_audit import checkpoint_audit
from recon.actions.prove_audit import prove_audit, prove_audit_with
from recon.actions.verify_audit import verify_audit
from recon.apply.record import Entry, canonical, record
from recon.models import AuditVerification
from recon.queries.verifications import Verification, audit_proof
from recon.sandbox.cluster import Sandbox

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
KEY = b"a key that is not in the database"
ENTRY = Entry(actor="user:ada", action="test.done", reason="because")


@pytest.fixture
def prove(db: None) -> Callable[..., None]:
    def at(now: datetime = NOW, **options) -> None:
        prove_audit([], key=KEY, actor="task:verify_audit", now=now, **options)

    return at


def test_a_walk_is_kept(prove: Callable[..., None]) -> None:
    seq = record(ENTRY)
    prove()
    walk = Verification(NOW, "task:verify_audit", entries=seq, checkpoints=0, problems=())
    assert (audit_proof().latest, audit_proof().broken) == (walk, None)


@pytest.mark.django_db
def test_the_checkpoints_of_a_file_are_met(tmp_path: Path) -> None:
    record(ENTRY)
    file = tmp_path / "checkpoints"
    checkpoint_audit(installation="test", key=KEY, now=NOW, file=file)
    found = prove_audit_with(file, key=KEY, actor="a", now=NOW)
    assert found is not None
    assert (found.is_sound, found.checkpoints) == (True, 1)


@pytest.mark.django_db
def test_a_foreign_checkpoint_is_kept_as_a_problem(tmp_path: Path) -> None:
    record(ENTRY)
    file = tmp_path / "checkpoints"
    checkpoint_audit(installation="test", key=b"another", now=NOW, file=file)
    prove_audit_with(file, key=KEY, actor="a", now=NOW)
    broken = audit_proof().broken
    assert broken is not None
    assert "signature is not ours" in broken.problems[0]


@pytest.mark.django_db
def test_checkpoints_that_cannot_be_read_are_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "checkpoints"
    file.write_text("not a checkpoint\n")
    assert prove_audit_with(file, key=KEY, actor="a", now=NOW) is None
    latest = audit_proof().latest
    assert latest is not None
    assert latest.problems == ("the checkpoints cannot be read: ValueError",)


@pytest.mark.django_db
def test_before_the_first_checkpoint_the_chain_stands_alone(tmp_path: Path) -> None:
    found = prove_audit_with(tmp_path / "none", key=KEY, actor="a", now=NOW)
    assert found is not None
    assert found.is_sound


def test_old_walks_are_forgotten_but_for_the_broken(prove: Callable[..., None]) -> None:
    for days, problems in ((60, []), (59, ["entry 17: gone"]), (1, [])):
        at = NOW - timedelta(days=days)
        AuditVerification.objects.create(at=at, actor="a", entries=1, problems=problems)
    prove()
    kept = AuditVerification.objects.order_by("at").values_list("at", flat=True)
    assert [(NOW - at).days for at in kept] == [59, 1, 0]


def test_an_append_during_the_walk_is_no_break(sandbox: Sandbox, transactional_db: None) -> None:
    def append() -> None:
        with psycopg.connect(sandbox.env()["DATABASE_URL"], autocommit=True) as other:
            for _ in range(300):
                other.execute("SELECT audit_append(%s)", [canonical(ENTRY)])

    writer = Thread(target=append)
    writer.start()
    walks = []
    while writer.is_alive():
        walks.append(verify_audit(key=KEY))
    writer.join()
    walks.append(verify_audit(key=KEY))
    assert [walk for walk in walks if not walk.is_sound] == []

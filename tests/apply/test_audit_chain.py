"""The audit can be added to and nothing else; whatever else was done to it is found."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from recon.actions.verify_audit import Checkpoint, sign_checkpoint, verify_audit
from recon.apply.record import Entry, Event, canonical, record
from recon.models import AuditEntry, OutboxEvent
from recon.sandbox.cluster import Sandbox
from tests.support.applying import NOW

KEY = b"a key that is not in the database"
ENTRY = Entry(actor="user:ada", action="test.done", reason="because", account="acc_1", before={"a": 1}, after={"a": 2})


@pytest.fixture
def tamper(sandbox: Sandbox, transactional_db: None) -> Iterator[psycopg.Connection]:
    """Whoever may switch triggers off, with three rows to choose from; everything is put back afterwards."""
    url = sandbox.env()["SANDBOX_ADMIN_URL"].rsplit("/", 1)[0] + "/recon"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM audit")
        admin.execute("UPDATE audit_head SET seq = 0, hash = sha256('v1'::bytea)")
        for number in range(3):
            record(replace(ENTRY, reason=f"number {number}"))
        yield admin
        admin.execute("DELETE FROM audit")
        admin.execute("UPDATE audit_head SET seq = 0, hash = sha256('v1'::bytea)")


def checkpoint() -> Checkpoint:
    signed = sign_checkpoint(installation="test", key=KEY, now=NOW)
    assert signed is not None
    return signed


def rechain(admin: psycopg.Connection) -> None:
    """Writes all seals anew, as somebody with time would."""
    rows = admin.execute("SELECT body FROM audit ORDER BY seq").fetchall()
    admin.execute("DELETE FROM audit")
    admin.execute("UPDATE audit_head SET seq = 0, hash = sha256('v1'::bytea)")
    for (body,) in rows:
        admin.execute("SELECT public.audit_append(%s)", [body])


def test_an_entry_is_kept_as_it_was_sealed(transactional_db: None) -> None:
    entry = AuditEntry.objects.get(seq=record(ENTRY))
    assert (entry.actor, entry.action, entry.account, entry.before, entry.after) == (
        "user:ada",
        "test.done",
        "acc_1",
        {"a": 1},
        {"a": 2},
    )
    assert entry.body == canonical(ENTRY)


def test_an_entry_and_its_events_are_one_commit(transactional_db: None) -> None:
    seq = record(ENTRY, [Event("account.state_changed", "acc_1", {"state": "grace"}, {"state": "clear"}, "test")])
    assert OutboxEvent.objects.get().audit_seq == seq
    with transaction.atomic():
        record(ENTRY, [Event("account.state_changed", "acc_2")])
        transaction.set_rollback(True)
    assert OutboxEvent.objects.count() == 1
    assert not AuditEntry.objects.filter(seq__gt=seq).exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET reason = 'another'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit SELECT seq + 1, at, actor, action, account, reason, before, after, request_id, apply_id,"
        " body, prev, hash FROM audit",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
    ],
)
def test_the_application_can_only_append(transactional_db: None, statement: str) -> None:
    record(ENTRY)
    with pytest.raises(DatabaseError, match="audit"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_text_that_is_no_json_is_refused(transactional_db: None) -> None:
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT audit_append('not json')")


def test_a_whole_chain_is_sound(tamper: psycopg.Connection) -> None:
    result = verify_audit([checkpoint()], key=KEY)
    assert (result.rows, result.checkpoints, result.bad_seq) == (3, 1, None)


@pytest.mark.parametrize(
    ("statement", "bad_seq"),
    [
        ("UPDATE audit SET body = replace(body, 'because', 'why not'), reason = 'why not' WHERE seq = 2", 2),
        ("UPDATE audit SET body = body || ' ' WHERE seq = 2", 2),
        ("UPDATE audit SET actor = 'user:eve' WHERE seq = 1", 1),
        ("UPDATE audit SET at = at - interval '1 day' WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 2", 3),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)", 4),
    ],
)
def test_the_chain_finds_a_change(tamper: psycopg.Connection, statement: str, bad_seq: int) -> None:
    tamper.execute(statement)
    assert verify_audit(key=KEY).bad_seq == bad_seq


def test_only_a_checkpoint_finds_a_cut_end(tamper: psycopg.Connection) -> None:
    kept = checkpoint()
    tamper.execute("DELETE FROM audit WHERE seq = 3")
    tamper.execute("UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)")
    assert verify_audit(key=KEY).is_sound
    assert verify_audit([kept], key=KEY).bad_seq == 3


def test_only_a_checkpoint_finds_a_chain_written_anew(tamper: psycopg.Connection) -> None:
    kept = checkpoint()
    tamper.execute("UPDATE audit SET body = replace(body, 'number 1', 'number 9') WHERE seq = 2")
    rechain(tamper)
    assert verify_audit(key=KEY).is_sound
    assert verify_audit([kept], key=KEY).bad_seq == 3


def test_only_a_checkpoint_finds_an_emptied_audit(tamper: psycopg.Connection) -> None:
    kept = checkpoint()
    tamper.execute("DELETE FROM audit")
    tamper.execute("UPDATE audit_head SET seq = 0, hash = sha256('v1'::bytea)")
    assert verify_audit(key=KEY).is_sound
    assert verify_audit([kept], key=KEY).bad_seq == 3


def test_a_checkpoint_with_another_signature_is_no_proof(tamper: psycopg.Connection) -> None:
    assert verify_audit([replace(checkpoint(), hash="00" * 32)], key=KEY).bad_seq == 3


def test_events_are_numbered_in_the_order_in_which_they_are_committed(sandbox: Sandbox, transactional_db: None) -> None:
    with psycopg.connect(sandbox.env()["DATABASE_URL"]) as slow, connection.cursor() as cursor:
        slow.execute("INSERT INTO outbox (event_id, kind, account_id, cause) VALUES (gen_random_uuid(), 'k', 'a', '')")
        cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            record(ENTRY, [Event("account.state_changed", "acc_1")])
        cursor.execute("RESET lock_timeout")
        slow.commit()
        record(ENTRY, [Event("account.state_changed", "acc_1")])
    assert list(OutboxEvent.objects.order_by("sequence").values_list("kind", flat=True)) == [
        "k",
        "account.state_changed",
    ]

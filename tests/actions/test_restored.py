"""Our database is restored from a backup, and the stores have moved on: nothing is guessed, and nothing done twice."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.utils import timezone

from recon.actions import apply_equipment
from recon.actions.approve_and_apply import approve_and_apply
from recon.actions.checkpoint_audit import checkpoint_audit
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.look_again import look_again
from recon.actions.pause_applies import resume_applies
from recon.actions.prove_audit import prove_audit_with
from recon.actions.recover import recover
from recon.actions.restored import accept_restored, signs, why_held
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.apply.order import Order, Rights
from recon.apply.record import Entry, record
from recon.apply.steps import Step
from recon.models import Apply, AuditEntry, BulkRepair, Pulse
from recon.queries.pauses import applies_paused
from tests.support.backup import dump, restorable
from tests.support.bulk import drifted, outcomes, person, started, with_workers, work, work_to_the_end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]
KEY = b"signs the checkpoints"
WRONG_AGAIN = "UPDATE entitlements SET suspended = true, row_version = row_version + 1 WHERE account_id = 'acc_1'"


class PowerCut(BaseException):
    """Ends a coordinator as a crash would."""


@pytest.fixture(autouse=True)
def checkpoints(settings, tmp_path: Path) -> Path:
    settings.AUDIT_KEY, settings.AUDIT_CHECKPOINTS = KEY.decode(), tmp_path / "checkpoints"
    return tmp_path / "checkpoints"


@pytest.fixture
def restore(sandbox, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """What is backed up at its first call is in force again after its second."""
    file = tmp_path / "backup.dump"
    with restorable(sandbox) as put_back:
        yield lambda: put_back(file) if file.exists() else dump(sandbox, file)


def cut_off_at(step: Step, account_id: str) -> None:
    """A repair of the account whose coordinator is gone since this step."""

    def observe(reached: Step) -> None:
        if reached is step:
            raise PowerCut

    digest = look_again(account_id, actor="user:fin").answer["plan"]["digest"]
    coordinator = replace(apply_equipment.coordinator(), observe=observe)
    with pytest.raises(PowerCut):
        coordinator.apply(Order(account_id, digest, "user:fin", "paid by wire", Rights.ALL))


def send_checkpoint(file: Path) -> None:
    checkpoint_audit(installation=configured.RECON_INSTANCE, key=KEY, now=timezone.now(), file=file)


def restored(*words: str) -> str:
    out = StringIO()
    with suppress(SystemExit):
        call_command("restored", *words, stdout=out)
    return out.getvalue()


def writes_of(account_id: str) -> list:
    return look_again(account_id, actor="task:sweep").answer["plan"]["writes"]


def test_a_database_that_knows_all_it_wrote_holds_nothing_up(checkpoints: Path) -> None:
    assert why_held(now=timezone.now()) == ""
    record(Entry("user:ada", "test.done", "because"))
    send_checkpoint(checkpoints)
    assert (why_held(now=timezone.now()), applies_paused()) == ("", None)


def test_after_a_restore_nothing_is_begun_settled_or_repeated(told, owner, restore, checkpoints: Path) -> None:
    drifted(told, 5)
    assert why_held(now=timezone.now()) == ""
    run = started()
    cut_off_at(Step.ALL_PREPARED, "acc_5")  # in flight when the backup is taken
    drive_bulk_repairs(now=timezone.now())
    work(with_workers()[:2])
    restore()
    apply_equipment.recovery().run(whatever_lease=True)
    work_to_the_end(run)
    owner("cf_prod").execute(WRONG_AGAIN)
    cut_off_at(Step.COMMIT_DECIDED, "acc_1")  # its branch is prepared, and the backup knows nothing of it
    send_checkpoint(checkpoints)
    restore()

    report = recover()
    assert (report.settled, report.waiting) == ({}, 1)
    assert sum("nobody knows" in alert for alert in report.alerts) == report.prepared_left > 0
    assert "older than what it wrote" in report.alerts[0]
    assert "older than what it wrote" in applies_paused().reason
    assert [found.split(" ")[1] for found in signs()] == ["does", "audit"]
    assert "is gone" in prove_audit_with(checkpoints, key=KEY, actor="test", now=timezone.now()).problem
    digest = look_again("acc_1", actor="user:fin").answer["plan"]["digest"]
    again = approve_and_apply("acc_1", digest=digest, actor="user:fin", groups=["finance"], reason="x")
    drive_bulk_repairs(now=timezone.now())
    run.refresh_from_db()
    assert (again.code, run.state) == ("paused", "paused")
    assert recover().settled == {}

    assert "repairs under way when it was backed up: 1" in restored()
    person("ada", "admin")
    told = restored("--accept", "--as", "ada", "--reason", "compared with the stores")
    assert told.count("rolled back: recon.recon.") == report.prepared_left
    settled = recover(whatever_lease=True)
    assert (settled.settled, settled.prepared_left, settled.alerts) == ({"aborted": 1}, 0, [])
    assert prove_audit_with(checkpoints, key=KEY, actor="test", now=timezone.now()).is_sound
    resume_applies(actor="user:ada", reason="the sweep is through", now=timezone.now())
    before = Apply.objects.count()
    go_on(run)
    assert set(outcomes(run).values()) == {"applied", "already_true"}
    assert Apply.objects.count() == before  # nothing that was done meanwhile was done again
    assert [number for number in range(1, 6) if writes_of(f"acc_{number}")] == [1]  # found, and shown to a person


def go_on(run: BulkRepair) -> None:
    """As often as the run stops by itself: among the first five it does so for each that did not go well."""
    while run.state == "paused":
        steer_bulk_repair(
            run.id, Steer.RESUME, actor="user:fin", groups={"finance"}, reason="looked at", now=timezone.now()
        )
        work_to_the_end(run)


def test_a_volume_put_back_is_known_by_the_checkpoints_alone(restore, checkpoints: Path) -> None:
    restore()
    record(Entry("user:ada", "test.done", "because"))
    send_checkpoint(checkpoints)
    restore()
    Pulse.objects.filter(name=Pulse.PLACE).delete()
    assert [found.split(" ")[1] for found in signs()] == ["audit"]
    record(Entry("user:eve", "test.done", "of another history"))
    assert [found.split(" ")[0] for found in signs()] == ["Entry"]


def test_only_what_is_held_is_accepted_and_with_a_reason() -> None:
    with pytest.raises(ValueError, match="Nothing is held"):
        accept_restored(actor="user:ada", reason="because", now=timezone.now())
    with pytest.raises(ValueError, match="Say what you found"):
        accept_restored(actor="user:ada", reason=" ", now=timezone.now())
    assert not AuditEntry.objects.filter(action="restore.accepted").exists()

"""`apply`, `recover` and `verify_audit` as the terminal shows them."""

import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from recon.actions.checkpoint_audit import checkpoint_audit
from recon.apply.record import Entry, record
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import Apply, ApplyState, AuditEntry
from recon.stores.base import Store
from tests.support import applying

Six = Mapping[StoreName, Store]
POLICY = {"plans": {"price_pro": "pro"}}


@pytest.fixture(autouse=True)
def _same_policy(settings) -> None:
    settings.POLICY = POLICY


@pytest.fixture
def digest(evaluated: Evaluation) -> str:
    return evaluated.plan.digest


@pytest.fixture
def person(transactional_db: None) -> Callable[[str, str], User]:
    """`person("ada", "finance")`: a user in that group."""

    def make(name: str, group: str) -> User:
        user = User.objects.create_user(name)
        user.groups.add(Group.objects.get_or_create(name=group)[0])
        return user

    return make


def run(*words: str) -> tuple[str, int]:
    """What a command prints, and its exit status."""
    out = StringIO()
    try:
        call_command(*words, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def approve(digest: str, *more: str, by: str = "ada") -> tuple[str, int]:
    return run("apply", "acc_1", "--digest", digest, "--reason", "paid by wire", "--as", by, *more)


def test_apply_says_that_all_of_it_was_applied(digest: str, person: Callable) -> None:
    person("ada", "support")
    assert approve(digest) == ("acc_1: applied: Every store holds what was approved.\n", 0)
    assert (Apply.objects.get().approved_by, Apply.objects.get().reason) == ("user:ada", "paid by wire")


def test_apply_as_json(digest: str, person: Callable) -> None:
    person("ada", "support")
    text, status = approve(digest, "--json")
    told = json.loads(text)
    assert (told["outcome"], told["code"], told["digest"], status) == ("applied", "applied", digest, 0)


def test_a_stale_digest_shows_the_plan_as_it_is_now(digest: str, person: Callable) -> None:
    person("ada", "support")
    text, status = approve("0" * 64)
    assert (f"digest {digest}" in text, status) == (True, 1)


def test_whoever_may_only_look_is_refused_and_that_is_recorded(digest: str, person: Callable) -> None:
    person("vic", "viewer")
    text, status = approve(digest, by="vic")
    assert ("approved by somebody of support, finance or admin." in text, status, Apply.objects.count()) == (True, 1, 0)
    latest = AuditEntry.objects.order_by("-seq").first()
    assert latest is not None
    assert (latest.actor, latest.action, (latest.after or {})["code"]) == ("user:vic", "repair.refused", "forbidden")


def test_support_may_not_approve_a_stripe_proposal(digest: str, person: Callable) -> None:
    person("sue", "support")
    person("fin", "finance")
    assert approve(digest, "--proposal", applying.VOID, by="sue")[1] == 1
    assert approve(digest, "--proposal", applying.VOID, by="fin")[1] == 0


def test_nobody_is_not_an_approver(digest: str) -> None:
    with pytest.raises(CommandError, match="no active user 'nobody'"):
        approve(digest, by="nobody")


def test_a_reason_of_blanks_is_none(digest: str, person: Callable) -> None:
    person("ada", "support")
    with pytest.raises(CommandError, match="Say why"):
        run("apply", "acc_1", "--digest", digest, "--reason", "  ", "--as", "ada")


def test_recover_with_nothing_to_do(six: Six) -> None:
    assert run("recover") == (
        "settled: none; still waiting: 0; swept: 0\nprepared transactions left: 0\n",
        0,
    )


def test_recover_as_json_says_what_it_settled(six: Six, evaluated: Evaluation) -> None:
    apply = Apply.objects.create(
        account_id="acc_1",
        digest="x",
        approved_by="user:ada",
        reason="r",
        created_at=applying.NOW,
        expires_at=applying.NOW,
        state=ApplyState.PREPARING,
    )
    text, status = run("recover", "--now", "--json")
    assert (json.loads(text)["settled"], status) == ({"aborted": 1}, 0)
    apply.refresh_from_db()
    assert apply.state == ApplyState.ABORTED


def test_verify_audit_meets_the_checkpoints_that_the_settings_name(
    transactional_db: None, settings, tmp_path: Path
) -> None:
    settings.AUDIT_CHECKPOINTS = tmp_path / "checkpoints"
    assert "0 checkpoints met" in run("verify_audit")[0]
    record(Entry(actor="user:ada", action="test.done", reason="because"))
    checkpoint_audit(
        installation="test", key=settings.AUDIT_KEY.encode(), now=applying.NOW, file=settings.AUDIT_CHECKPOINTS
    )
    assert "1 checkpoints met" in run("verify_audit")[0]


def test_verify_audit_counts_rows_and_meets_its_checkpoints(transactional_db: None, settings, tmp_path: Path) -> None:
    record(Entry(actor="user:ada", action="test.done", reason="because"))
    file = tmp_path / "checkpoints"
    checkpoint_audit(installation="test", key=settings.AUDIT_KEY.encode(), now=applying.NOW, file=file)
    text, status = run("verify_audit", "--checkpoints", str(file))
    assert (text.startswith("The audit is whole: "), "1 checkpoints met" in text, status) == (True, True, 0)


def test_verify_audit_knows_a_foreign_checkpoint(transactional_db: None, tmp_path: Path) -> None:
    record(Entry(actor="user:ada", action="test.done", reason="because"))
    file = tmp_path / "checkpoints"
    checkpoint_audit(installation="test", key=b"another key", now=applying.NOW, file=file)
    text, status = run("verify_audit", "--checkpoints", str(file))
    assert ("signature is not ours" in text, status) == (True, 1)


def test_verify_audit_cannot_read_what_is_no_checkpoint(transactional_db: None, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints"
    file.write_text("not a checkpoint\n")
    with pytest.raises(CommandError, match="line 1 of the checkpoints"):
        run("verify_audit", "--checkpoints", str(file))

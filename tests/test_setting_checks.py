"""Settings with which nothing would work are told by a sentence, before anything is served."""

import os
import subprocess
import sys

import pytest

from recon import setting_checks
from tests.support.commands import KEPT, ROOT


@pytest.mark.parametrize(
    ("name", "value", "expected", "words"),
    [
        ("POLICY", {"dust": 1}, "recon.E052", "policy.dust: no such policy"),
        ("POLICY", ["dust"], "recon.E052", "policy: "),
        ("POLICY", {"plans": {"price_1": 5}}, "recon.E052", "policy.plans.price_1"),
        ("RECON_INSTANCE", "a b", "recon.E053", "1 to 32 letters"),
    ],
)
def test_a_setting_that_would_stop_each_task_is_told_and_served_with_by_nobody(settings, name, value, expected, words):
    setattr(settings, name, value)
    (message,) = setting_checks.check_settings()
    assert (message.id, words in message.msg) == (expected, True)
    with pytest.raises(SystemExit, match="RECON_"):
        setting_checks.refuse_wrong_settings()


def test_checkpoints_that_nobody_could_keep_are_told(settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = tmp_path / "checkpoints"
    assert setting_checks.check_checkpoints() == []
    settings.AUDIT_CHECKPOINTS = tmp_path / "nowhere" / "checkpoints"
    (message,) = setting_checks.check_checkpoints()
    assert (message.id, str(tmp_path) in message.msg) == ("recon.E054", True)


def test_a_web_without_its_static_files_is_told(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    (message,) = setting_checks.check_static_files()
    assert (message.id, "collectstatic" in str(message.hint)) == ("recon.E057", True)
    (tmp_path / "staticfiles.json").write_text("{}")
    assert setting_checks.check_static_files() == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", "maybe", 'Environment variable "DEBUG" invalid: Not a valid boolean.'),
        ("DATABASE_URL", "mysql://me:s3cret@db/recon", "it is to be postgres://"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL"),
        ("BULK_AT_ONCE", "0", "BULK_AT_ONCE"),
        ("SECRET_KEY_FILE", "/nowhere", "SECRET_KEY_FILE names /nowhere, which cannot be read: No such file"),
    ],
)
def test_a_setting_that_cannot_be_read_is_a_sentence_on_the_terminal(name, value, words):
    kept = {one: os.environ[one] for one in KEPT if one in os.environ}
    given = {**kept, "DATABASE_URL": "postgres://recon@127.0.0.1:1/recon", name: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )
    assert (done.returncode, words in done.stderr, len(done.stderr.splitlines())) == (1, True, 1)
    assert "s3cret" not in done.stderr

"""Secrets as files: what a setting is when its variable names one, and what is said when there is nothing to read."""

from pathlib import Path
from typing import Final

import pytest
from django.core.exceptions import ImproperlyConfigured

from recon.environment import Environment
from recon.sandbox.provision import STORES
from tests.security.production import ENVIRONMENT, in_production

SECRETS: Final = {
    **{name: ENVIRONMENT[name] for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "AUDIT_KEY")},
    **{name: ENVIRONMENT[name] for name in (f"{store.upper()}_URL" for store in STORES)},
    **{name: ENVIRONMENT[name] for name in ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")},
    "STORE_EVENT_SECRETS": '{"billing_prod": ["0123456789abcdef0123456789abcdef"]}',
    "EVENT_FEED_SECRETS": "0123456789abcdef0123456789abcdef",
    "OIDC_CLIENT_SECRET": "of the provider",
}
TELL: Final = """
from recon import settings
print({name: value for name, value in vars(settings).items() if name.isupper()})
"""


def in_files(folder: Path) -> dict[str, str]:
    """Each secret in a file of its own, and the variables that name them."""
    for name, secret in SECRETS.items():
        (folder / name).write_text(f"{secret}\n")
    return dict.fromkeys(SECRETS, "") | {f"{name}_FILE": str(folder / name) for name in SECRETS}


def test_files_and_variables_make_the_same_settings(tmp_path: Path) -> None:
    by_variables, by_files = in_production("-c", TELL, **SECRETS), in_production("-c", TELL, **in_files(tmp_path))
    assert (by_files.stdout, by_files.stderr) == (by_variables.stdout, "")
    assert SECRETS["SECRET_KEY"] in by_files.stdout


@pytest.mark.parametrize(
    ("content", "value"),
    [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), (" s3cret \n\n", " s3cret \n")],
)
def test_the_end_of_the_last_line_is_no_part_of_a_secret(
    content: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_bytes(content.encode())
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))
    assert Environment().str("SOME_SECRET", "") == value


@pytest.mark.parametrize("made", ["missing", "directory", "empty", "a line's end alone", "no text"])
def test_a_file_with_nothing_to_read_is_told_with_setting_and_path(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    match made:
        case "directory":
            path.mkdir()
        case "empty" | "a line's end alone" | "no text":
            path.write_bytes({"empty": b"", "no text": b"\xff\xfe"}.get(made, b"\n"))
    monkeypatch.setenv("SOME_SECRET_FILE", str(path))
    why = {
        "missing": "which cannot be read: No such file or directory.",
        "directory": "which cannot be read: Is a directory.",
        "no text": "which cannot be read: not UTF-8.",
    }.get(made, "which is empty.")
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment().str("SOME_SECRET", "")
    assert str(refused.value) == f"SOME_SECRET_FILE names {path}, {why}"


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "one")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "another"))
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET and SOME_SECRET_FILE are both set: unset one of them"):
        Environment().str("SOME_SECRET")


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "one")
    monkeypatch.setenv("SOME_SECRET_FILE", "")
    assert Environment().str("SOME_SECRET") == "one"

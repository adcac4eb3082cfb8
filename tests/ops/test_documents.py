"""What the documents tell somebody to type, to set or to watch is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser

from tests.architecture.test_layout import ROOT, tracked
from tests.ops.test_alerts import scrape

COMMAND: Final = re.compile(r"manage\.py ([a-z]\w*)([^`\n|&;]*)")
OPTION: Final = re.compile(r"(?<=\s)--[a-z-]+")
SETTING: Final = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`")
METRIC: Final = re.compile(r"\brecon_(?!engine)[a-z_]+\b")  # the others are roles of databases
OTHERS_SETTINGS: Final = ("OTEL_", "GRANIAN_", "CELERY_", "PG", "UV_")
DOCUMENTS: Final = [ROOT / "README.md", ROOT / "ops" / "runbooks.md", *sorted((ROOT / "docs").glob("*.md"))]
each_document: Final = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def options_of(name: str) -> set[str]:
    return {option for action in parser_of(name)._actions for option in action.option_strings}


def needed_by(name: str) -> set[str]:
    return {option for action in parser_of(name)._actions if action.required for option in action.option_strings}


def parser_of(name: str) -> CommandParser:
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    return command.create_parser("manage.py", name)


def names_in_code() -> Iterator[str]:
    for path in tracked():
        if path.suffix in {".py", ".yml", ".env", ".sh", ".html"} or path.name in {"Dockerfile", "Makefile"}:
            yield from re.findall(r"\b[A-Z][A-Z0-9_]+\b", (ROOT / path).read_text())


@each_document
def test_each_command_is_there_with_its_options(document: Path) -> None:
    named = COMMAND.findall(document.read_text())
    assert {name for name, _ in named} - get_commands().keys() == set()
    wrong = {
        (name, option) for name, rest in named for option in OPTION.findall(rest) if option not in options_of(name)
    }
    assert wrong == set()


@each_document
def test_each_command_that_is_spelt_out_has_what_it_cannot_do_without(document: Path) -> None:
    spelt = [(name, set(OPTION.findall(rest))) for name, rest in COMMAND.findall(document.read_text())]
    assert [(name, given) for name, given in spelt if given and not needed_by(name) <= given] == []


@each_document
def test_each_setting_is_read_by_somebody(document: Path) -> None:
    """Of a secret also its file: whatever is read may come out of one."""
    known = set(names_in_code())
    named = {name.removesuffix("_FILE") for name in SETTING.findall(document.read_text())}
    assert {name for name in named if name not in known and not name.startswith(OTHERS_SETTINGS)} == set()


@pytest.mark.django_db
@each_document
def test_each_metric_is_measured(document: Path) -> None:
    assert set(METRIC.findall(document.read_text())) - scrape().keys() == set()

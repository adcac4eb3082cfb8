"""The words of bulk repairs: states, stages, outcomes, what a selection and its totals are called."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from inspector.display.money import amount_words
from inspector.display.words import (
    CLASSES,
    DETAILS,
    FINDINGS,
    RISKS,
    STATES,
    VERBS,
    Tone,
    Word,
    accounts_words,
    number_words,
    word,
)
from recon.actors import BULK, name_of
from recon.queries.bulk import BulkRun

STATES_OF_RUN: Final = {
    "drafted": Word("drafted", "Draft", Tone.QUIET),
    "waiting_for_second": Word("waiting_for_second", "Waits for a second person", Tone.WARN),
    "running": Word("running", "Running", Tone.QUIET),
    "paused": Word("paused", "Paused", Tone.WARN),
    "done": Word("done", "Done", Tone.GOOD),
    "cancelled": Word("cancelled", "Cancelled", Tone.QUIET),
}
OUTCOMES: Final = {
    "applied": Word("applied", "Applied", Tone.GOOD, "Every store holds what was approved."),
    "already_true": Word("already_true", "Already true", Tone.GOOD, "Nothing was left to write."),
    "refused_moved": Word(
        "refused_moved", "Moved", Tone.WARN, "The plan is another one by now; nothing was written, it is offered again."
    ),
    "failed": Word("failed", "Failed", Tone.BAD, "Something broke; nothing was written."),
    "in_doubt": Word("in_doubt", "In doubt", Tone.BAD, "Decided and not finished yet, or left to a person."),
    "skipped": Word("skipped", "Skipped", Tone.WARN, "It may not be written now; nothing was."),
}
OPEN: Final = Word("open", "To come", Tone.QUIET, "Nothing has come of it yet.")
STAGES: Final = {"canary": "First 5, all must succeed", "fifty": "50 more", "rest": "The rest"}
_ACCESS: Final = {
    "suspended.given": "suspension lifted",
    "suspended.taken": "suspended",
    "restricted.given": "restriction lifted",
    "restricted.taken": "restricted",
    "plan_active.given": "plan switched on",
    "plan_active.taken": "plan switched off",
    "blocks.given": "block for debt removed",
    "blocks.taken": "block for debt set or changed",
}
_NAMES: Final = {"class": CLASSES, "state": STATES, "detail": DETAILS, "finding": FINDINGS}


def proposals_words(number: int) -> str:
    return f"{number_words(number)} proposal{'' if number == 1 else 's'}"


def items_words(run: BulkRun, number: int) -> str:
    """So many of what the run consists of."""
    return proposals_words(number) if run.is_of_proposals else accounts_words(number)


def who_words(actor: str) -> str:
    return "the engine itself" if actor == BULK else name_of(actor)


def selection_words(run: BulkRun) -> tuple[str, str]:
    """How its accounts were chosen, and the address of where they were."""
    verb = run.selection.get("verb", "")
    chosen, href = _chosen(run)
    return (f"{chosen}, only “{VERBS.get(verb, verb)}”" if verb else chosen), href


def _chosen(run: BulkRun) -> tuple[str, str]:
    if "moved_of" in run.selection:
        number = run.selection["moved_of"]
        return f"whose plan had moved in run {number}", reverse("bulk_repair", args=[number])
    if "of_run" in run.selection:
        number = run.selection["of_run"]
        return f"of the accounts of run {number}", reverse("bulk_repair", args=[number])
    if run.selection.get("all"):
        return "all that wait", ""
    asked = run.selection.get("filter")
    if asked is None:
        return "ticked by hand", ""
    said = [f"{name}: {word(value, _NAMES[name]).text if name in _NAMES else value}" for name, value in asked.items()]
    return f"all that matched {', '.join(said) or 'the list of drift'}", f"{reverse('accounts')}?{urlencode(asked)}"


def totals_lines(totals: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(what, lines) for each kind of total; amounts of two currencies are never added."""
    found = (
        ("Risk", [f"{number_words(n)} {RISKS[name].text.lower()}" for name, n in _of(totals, "risks")]),
        ("True state", [f"{number_words(n)} {word(name, STATES).text}" for name, n in _of(totals, "states")]),
        ("Drift", [f"{number_words(n)} {word(name, CLASSES).text}" for name, n in _of(totals, "classes")]),
        ("Owed", _owed(totals)),
        ("Access", [f"{number_words(n)} × {_ACCESS.get(name, name)}" for name, n in _of(totals, "access")]),
        ("Events", [f"{number_words(n)} × {name}" for name, n in _of(totals, "events")]),
    )
    return tuple((name, tuple(lines) or ("none",)) for name, lines in found)


def _owed(totals: Mapping[str, Any]) -> list[str]:
    owing = totals.get("owing", {})
    return [
        f"{amount_words(minor, name)} by {accounts_words(owing.get(name, 0))}" for name, minor in _of(totals, "owed")
    ]


def _of(totals: Mapping[str, Any], name: str) -> list[tuple[str, int]]:
    """The largest first."""
    return sorted(totals.get(name, {}).items(), key=lambda one: (-one[1], one[0]))

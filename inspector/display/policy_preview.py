"""What a version of the policy would change, in words: how far its trial is, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from inspector.display.moments import age_words, moment_words
from inspector.display.money import amount_words
from inspector.display.words import RISKS, STATES, Tone, Word, accounts_words, number_words, word
from recon.queries.policy import Preview

_ACCESS: Final = {
    "plan_active": ("plan switched on", "plan switched off"),
    "restricted": ("restriction lifted", "restricted"),
    "suspended": ("suspension lifted", "suspended"),
}
_SAME: Final = Word("", "No harm", Tone.QUIET, "Nothing is given and nothing is taken.")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it counts."""

    number: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class StateLine:
    """So many accounts go from one state to another; `owed` holds an amount a currency."""

    before: Word
    after: Word
    accounts: str
    owed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExampleLine:
    account_id: str
    href: str
    before: Word
    after: Word
    also: str
    risk: Word


@dataclass(frozen=True, slots=True)
class PreviewView:
    """`seen` names all that is shown of it: whoever asks again with it is answered on a change only."""

    sentence: str
    spared: str
    percent: int
    is_moving: bool
    is_known: bool
    figures: tuple[Figure, ...]
    states: tuple[StateLine, ...]
    access: tuple[str, ...]
    plans: tuple[str, ...]
    examples: tuple[ExampleLine, ...]
    seen: str


def preview_view(found: Preview, now: datetime) -> PreviewView:
    is_known = found.finished_at is not None
    result = found.result
    percent = 100 * found.done // found.chunks if found.chunks else 0
    return PreviewView(
        sentence=_sentence(found, now),
        spared=_spared(found) if found.listed_at else "",
        percent=percent,
        is_moving=found.is_under_way,
        is_known=is_known,
        figures=_figures(result) if is_known else (),
        states=_states(result) if is_known else (),
        access=_access(result["access"]) if is_known else (),
        plans=_plans(result["plans"]) if is_known else (),
        examples=tuple(_example(one) for one in result["examples"]) if is_known else (),
        seen=f"{found.id}-{found.done}-{found.listed_at is not None}-{is_known}-{bool(found.stopped)}",
    )


def _sentence(found: Preview, now: datetime) -> str:
    if found.stopped:
        return f"The trial was given up: {found.stopped}"
    when = f"{moment_words(found.judged_at)} UTC"
    if found.finished_at:
        changed = found.result["changed"]
        what = f"{accounts_words(changed)} would change" if changed else "No account would change"
        return (
            f"{what}, judged at {when}, {age_words(found.judged_at, now)}, by what the stores last said, against "
            f"version {found.against}."
        )
    if not found.listed_at:
        return "It is found out which accounts the change can touch. Nobody is touched by it yet."
    return f"Trying it out: {found.done} of {found.chunks} parts are done. Nobody is touched by it yet."


def _spared(found: Preview) -> str:
    """Who was recomputed, and who need not be."""
    spared = found.accounts - found.unknown - found.to_recompute
    unknown = f" {accounts_words(found.unknown)} without a known verdict stand apart." if found.unknown else ""
    return (
        f"Of {accounts_words(found.accounts)}, {number_words(found.to_recompute)} are recomputed by both versions; "
        f"{number_words(spared)} depend on nothing that changes and cannot be touched.{unknown}"
    )


def _figures(result: Mapping[str, Any]) -> tuple[Figure, ...]:
    severe, lenient = result["severe"], result["lenient"]
    other = result["changed"] - severe - lenient
    found = [
        Figure(number_words(severe), "become more severe", Tone.BAD if severe else Tone.QUIET),
        Figure(number_words(lenient), "become more lenient", Tone.GOOD if lenient else Tone.QUIET),
        Figure(number_words(other), "change otherwise", Tone.QUIET),
    ]
    if result["unreadable"]:
        found.append(Figure(number_words(result["unreadable"]), "gave no verdict", Tone.WARN))
    return tuple(found)


def _states(result: Mapping[str, Any]) -> tuple[StateLine, ...]:
    """The most accounts first."""
    pairs = sorted(result["states"].items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(_state(pair, number, result["owed"].get(pair, {})) for pair, number in pairs)


def _state(pair: str, number: int, owed: Mapping[str, int]) -> StateLine:
    before, after = pair.split(">")
    amounts = tuple(amount_words(minor, currency) for currency, minor in sorted(owed.items()) if minor)
    return StateLine(word(before, STATES), word(after, STATES), number_words(number), amounts)


def _access(access: Mapping[str, Sequence[int]]) -> tuple[str, ...]:
    return tuple(
        f"{said.capitalize()}: {accounts_words(number)}"
        for name, counted in access.items()
        for number, said in zip(counted, _ACCESS[name], strict=True)
        if number
    )


def _plans(plans: Mapping[str, int]) -> tuple[str, ...]:
    pairs = sorted(plans.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(f"{_arrow(*pair.split('>'))}: {accounts_words(number)}" for pair, number in pairs)


def _arrow(before: str | None, after: str | None) -> str:
    return f"{before or 'no plan'} → {after or 'no plan'}"


def _example(one: Mapping[str, Any]) -> ExampleLine:
    before, after = one["before"], one["after"]
    return ExampleLine(
        account_id=one["account_id"],
        href=reverse("account", args=[one["account_id"]]),
        before=word(before["state"], STATES),
        after=word(after["state"], STATES),
        also=", ".join(_also(before, after)),
        risk=word(one["risk"], RISKS) if one["risk"] else _SAME,
    )


def _also(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What else becomes of it: access given or taken, another plan."""
    said = []
    for name, (given, taken) in _ACCESS.items():
        if before[name] != after[name]:
            said.append(given if after[name] is (name == "plan_active") else taken)
    if before["plan_code"] != after["plan_code"]:
        said.append(f"{_arrow(before['plan_code'], after['plan_code'])}")
    if before["raw_state"] != after["raw_state"] and before["state"] == after["state"]:
        said.append(f"without its caps it would be {word(after['raw_state'], STATES).text.lower()}")
    return said

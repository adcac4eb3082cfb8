"""The form of the rules' numbers: what stands in its fields, what was typed, and what is wrong at which of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inspector.display.policy_words import LADDERS, NUMBERS, RUNGS
from recon.engine.policy import DEFAULT_DUST, Policy
from recon.engine.policy_sense import Nonsense
from recon.words import storable

FIELD_LENGTH: Final = 20
TABLE_LENGTH: Final = 100_000
_UNITS: Final = {
    "dust_minor": "minor units",
    "in_flight_max_days": "days",
    "freshness_minutes": "minutes",
}
_HINTS: Final = {
    "dust_minor": "For every currency that has none of its own below.",
    "in_flight_max_days": "While it does, an invoice that it covers is not on the ladder.",
    "freshness_minutes": "Decides whether a difference may be written; no truth depends on it.",
}
_WHOLE: Final = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `name` is its number's path, `unit` stands behind it."""

    name: str
    label: str
    value: str
    unit: str
    hint: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """`of` says whose numbers stand in it; `problem` is what is wrong with all of it."""

    of: str
    groups: tuple[FieldGroup, ...]
    dust: Field
    plans: Field
    problem: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: as the JSON of a policy, with what could not be read (path → sentence)."""

    typed: Mapping[str, str]
    written: Mapping[str, Any]
    problems: Mapping[str, str]


def typed_of(policy: Policy) -> dict[str, str]:
    """The fields of a form that holds these numbers."""
    flat = policy.numbers()
    single = {path: str(value) for path, value in flat.items() if path in _paths()}
    dust = "\n".join(f"{code} {amount}" for code, amount in sorted(policy.dust_by_currency.items()))
    plans = "\n".join(f"{price} {code}" for price, code in sorted(policy.plans.items()))
    return {**single, "dust": dust, "plans": plans}


def asked_policy(given: Mapping[str, str]) -> Asked:
    """Never raises: what cannot be read is said at its field."""
    typed = {path: given.get(path, "").strip()[:FIELD_LENGTH] for path in _paths()}
    tables = {name: storable(given.get(name, ""), TABLE_LENGTH) for name in ("dust", "plans")}
    problems = {path: "A whole number is needed." for path, text in typed.items() if not _WHOLE.match(text)}
    dust, plans = (_table(tables[name], name, problems) for name in ("dust", "plans"))
    numbers = {path: int(text) for path, text in typed.items() if path not in problems}
    for code, amount in dust.items():
        if not _WHOLE.match(amount):
            problems["dust"] = f"{code}: {amount[:20]} is no whole number of minor units."
    return Asked({**typed, **tables}, _written(numbers, dust, plans) if not problems else {}, problems)


def policy_form(
    typed: Mapping[str, str], *, of: str, problems: Mapping[str, str] | None = None, problem: str = ""
) -> PolicyForm:
    said = problems or {}
    ladders = (
        FieldGroup(f"{name} ladder", tuple(_rung(ladder, rung, typed, said) for rung in RUNGS))
        for ladder, name in LADDERS.items()
    )
    numbers = FieldGroup("Numbers", tuple(_number(name, typed, said) for name in NUMBERS))
    return PolicyForm(
        of=of,
        groups=(*ladders, numbers),
        dust=Field(
            "dust", "Dust by currency", typed["dust"], "", "A currency and its minor units a line: jpy 500.",
            said.get("dust", ""),
        ),
        plans=Field(
            "plans", "Plans by price", typed["plans"], "",
            "A price's id and its plan's code a line: price_pro pro. A price without a line goes by what Stripe says "
            "of it.",
            said.get("plans", ""),
        ),
        problem=problem,
    )  # fmt: skip


def problems_at(nonsense: Iterable[Nonsense]) -> dict[str, str]:
    """Field → the first sentence about it."""
    found: dict[str, str] = {}
    for one in nonsense:
        path = one.path
        if path.startswith("dust_minor."):
            path = "dust"
        elif path.startswith("plans"):
            path = "plans"
        found.setdefault(path, one.text)
    return found


def _paths() -> tuple[str, ...]:
    return (*(f"rungs.{ladder}.{rung}" for ladder in LADDERS for rung in RUNGS), *NUMBERS)


def _rung(ladder: str, rung: str, typed: Mapping[str, str], said: Mapping[str, str]) -> Field:
    path = f"rungs.{ladder}.{rung}"
    return Field(path, RUNGS[rung], typed[path], "days past due", "", said.get(path, ""))


def _number(name: str, typed: Mapping[str, str], said: Mapping[str, str]) -> Field:
    return Field(name, NUMBERS[name], typed[name], _UNITS[name], _HINTS[name], said.get(name, ""))


def _table(text: str, name: str, problems: dict[str, str]) -> dict[str, str]:
    """Two words a line; an `=`, a `,` or an arrow may stand between them."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = re.split(r"\s*(?:→|->|=|,|\s)\s*", line.strip())
        if words == [""]:
            continue
        if len(words) != 2 or not all(words):
            problems.setdefault(name, f"Line {number}: two words are needed, here is “{line.strip()[:60]}”.")
        elif words[0] in found:
            problems.setdefault(name, f"Line {number}: {words[0][:40]} stands here twice.")
        else:
            found[words[0]] = words[1]
    return found


def _written(numbers: Mapping[str, int], dust: Mapping[str, str], plans: Mapping[str, str]) -> dict[str, Any]:
    """As the JSON of a policy."""
    ladders = {ladder: {rung: numbers[f"rungs.{ladder}.{rung}"] for rung in RUNGS} for ladder in LADDERS}
    by_currency = {code.lower(): int(amount) for code, amount in dust.items()}
    return {
        "rungs": ladders,
        "dust_minor": {**by_currency, DEFAULT_DUST: numbers["dust_minor"]},
        "in_flight_max_days": numbers["in_flight_max_days"],
        "freshness_minutes": numbers["freshness_minutes"],
        "plans": dict(plans),
    }

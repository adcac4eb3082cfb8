"""Deeds that share one form and one reason: what can be done with a bulk repair, or with a version of the policy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to do; `why_not` is empty when one may."""

    deed: str
    href: str
    text: str
    is_main: bool
    why_not: str
    asks_reason: bool = True


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed with a deed that was not done, and what was wrong with it."""

    reason: str = ""
    error: str = ""
    final: str = ""
    final_error: str = ""

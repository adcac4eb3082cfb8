"""Versions of the policy in words: the one in force, every one there was, and one by itself with what may be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from inspector.access import Permission
from inspector.display.deed_form import Button, Typed
from inspector.display.deeds import actor_words
from inspector.display.moments import age_words, moment_words
from inspector.display.policy_preview import PreviewView, preview_view
from inspector.display.policy_words import (
    STATES_OF_VERSION,
    ChangeLine,
    NumberLine,
    change_lines,
    number_lines,
)
from inspector.display.words import Word, number_words
from recon.engine.policy_effect import is_nowhere_stricter
from recon.queries.policy import SETTINGS, History, Preview, Version, goes_back_at_once

REASON_LENGTH: Final = 1000
AUDIT: Final = {
    "active": "policy.activated",
    "superseded": "policy.activated",
    "withdrawn": "policy.withdrawn",
    "waiting_for_second": "policy.second_asked",
    "draft": "policy.drafted",
}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in the list: `why` are its people's reasons, `found` what its preview had found."""

    number: int
    href: str
    name: str
    word: Word
    who: str
    when: str
    why: tuple[str, ...]
    changes: tuple[ChangeLine, ...]
    more: str
    found: str
    audit_href: str


@dataclass(frozen=True, slots=True)
class PolicyNumbers:
    """What the policy page says of the numbers: those in force, what is about to be, and what was. `back` is the
    version that undoing the last change goes back to, as (address, words), or nothing."""

    name: str
    since: str
    lines: tuple[NumberLine, ...]
    open: VersionLine | None
    versions: tuple[VersionLine, ...]
    back: tuple[str, str] | None
    change_href: str


@dataclass(frozen=True, slots=True)
class VersionPage:
    """`against` names the version that its changes are told against."""

    number: int
    title: str
    word: Word
    sentence: str
    by: str
    why: tuple[str, ...]
    against: str
    changes: tuple[ChangeLine, ...]
    lines: tuple[NumberLine, ...]
    note: str
    preview: PreviewView | None
    buttons: tuple[Button, ...]
    typed: Typed
    audit_href: str
    again_href: str
    is_moving: bool
    poll_href: str
    seen: str
    reason_length: int = REASON_LENGTH


def policy_numbers(found: History) -> PolicyNumbers:
    by_number = {one.number: one for one in found.versions}
    lines = tuple(_line(one, by_number, found.previews.get(one.number)) for one in found.versions)
    governing = found.governing
    active = by_number.get(governing.number)
    former = by_number.get(active.follows) if active and active.follows else None
    return PolicyNumbers(
        name=f"Version {governing.number}",
        since=_since(active),
        lines=number_lines(governing.policy),
        open=next((line for line in lines if line.word.code in {"draft", "waiting_for_second"}), None),
        versions=lines,
        back=(_href(former.number), f"Go back to version {former.number}…") if former else None,
        change_href=reverse("change_policy"),
    )


def version_page(
    one: Version,
    base: Version | None,
    active: Version,
    found: Preview | None,
    *,
    person: str,
    permission: Permission,
    typed: Typed,
    now: datetime,
) -> VersionPage:
    """`base` is what its changes are told against: what it followed, or what governs. `person` is who looks."""
    preview = preview_view(found, now) if found else None
    seen = f"{one.state}-{preview.seen if preview else ''}-{active.number}"
    here = _href(one.number)
    return VersionPage(
        number=one.number,
        title=f"Policy, version {one.number}",
        word=STATES_OF_VERSION[one.state],
        sentence=_state_words(one, active),
        by=_by(one, now),
        why=_why(one),
        against=f"version {base.number}" if base else "",
        changes=change_lines(base.policy, one.policy) if base else (),
        lines=number_lines(one.policy),
        note=_note(one, active, found),
        preview=preview,
        buttons=_buttons(one, active, found, person, permission),
        typed=typed,
        audit_href=_audit_href(one),
        again_href=f"{reverse('change_policy')}?from={one.number}",
        is_moving=bool(preview and preview.is_moving),
        poll_href=f"{here}?seen={seen}",
        seen=seen,
    )


def _line(one: Version, by_number: Mapping[int, Version], found: Preview | None) -> VersionLine:
    base = by_number.get(one.follows or (found.against if found else 0))
    changes = change_lines(base.policy, one.policy) if base else ()
    return VersionLine(
        number=one.number,
        href=_href(one.number),
        name=f"Version {one.number}",
        word=STATES_OF_VERSION[one.state],
        who=_who(one),
        when=f"{moment_words(one.activated_at or one.ended_at or one.made_at)} UTC",
        why=_why(one),
        changes=changes[:6],
        more=f"and {number_words(len(changes) - 6)} more" if len(changes) > 6 else "",
        found=_found(one, found),
        audit_href=_audit_href(one),
    )


def _who(one: Version) -> str:
    maker = "the settings" if one.made_by == SETTINGS else actor_words(one.made_by)
    return f"{maker}, approved by {actor_words(one.second)}" if one.second else maker


def _by(one: Version, now: datetime) -> str:
    back = f" to go back to version {one.reverts_to}" if one.reverts_to else ""
    said = f"Made by {_who(one)}{back}, {age_words(one.made_at, now)}"
    if one.activated_at:
        said += f"; in force from {moment_words(one.activated_at)} UTC"
    if one.ended_at:
        said += f" to {moment_words(one.ended_at)} UTC" if one.activated_at else f"; withdrawn {_ended(one, now)}"
    return f"{said}."


def _ended(one: Version, now: datetime) -> str:
    return f"by {actor_words(one.ended_by)} {age_words(one.ended_at, now)}"


def _since(active: Version | None) -> str:
    if active is None or active.made_by == SETTINGS:
        return "what RECON_POLICY says, or the rules' own numbers; nobody has changed them here"
    return f"made by {_who(active)}, in force since {moment_words(active.activated_at)} UTC"


def _why(one: Version) -> tuple[str, ...]:
    withdrawn = one.end_reason if one.state == "withdrawn" else ""
    return tuple(said for said in (one.reason, one.second_reason, withdrawn) if said)


def _found(one: Version, found: Preview | None) -> str:
    if found is None:
        return "not needed: nowhere stricter" if one.reverts_to and one.activated_at else "–"
    return f"{number_words(found.severe)} more severe, {number_words(found.lenient)} more lenient"


def _state_words(one: Version, active: Version) -> str:
    told = {
        "draft": "Governs nobody yet. Look at what it would change.",
        "waiting_for_second": "Governs nobody yet: it is stricter than what does, so another admin has to approve it.",
        "active": "Every account is judged by these numbers.",
        "superseded": f"It governed once. Version {active.number} does now.",
        "withdrawn": "It never governed.",
    }
    return told[one.state]


def _note(one: Version, active: Version, found: Preview | None) -> str:
    """What the numbers alone tell, or how going back goes."""
    if one.state == "superseded" and one.policy != active.policy:
        return _way_back(one, active)
    if one.state not in {"draft", "waiting_for_second"}:
        return ""
    if is_nowhere_stricter(one.policy, active.policy):
        return "It is nowhere stricter: it can make nobody's truth more severe, now or later."
    if found is not None and found.finished_at and not found.severe:
        return (
            "Nobody becomes more severe at this moment. It is stricter in places, so some will be later than today: a "
            "second admin approves it."
        )
    return ""


def _way_back(one: Version, active: Version) -> str:
    if goes_back_at_once(one, active):
        return (
            f"Going back takes effect at once: it undoes the last change, and is nowhere stricter than version "
            f"{active.number}, so nobody's truth becomes more severe."
        )
    why = "It is stricter in places" if one.number == active.follows else "Other versions governed since"
    return (
        f"{why}: going back makes a draft with these numbers and tries it out. Where that is stricter than what "
        "governs, a second admin approves it, as with any change."
    )


def _buttons(
    one: Version, active: Version, found: Preview | None, person: str, permission: Permission
) -> tuple[Button, ...]:
    def button(deed: str, text: str, why_not: str = "", *, main: bool = False) -> Button:
        why = permission.why_not or why_not
        asks_reason = deed != "preview"
        return Button(deed, reverse("steer_policy", args=[one.number, deed]), text, main, why, asks_reason)

    if one.state == "superseded" and one.policy != active.policy:
        return (button("revert", "Go back to this", main=True),)
    if one.state not in {"draft", "waiting_for_second"}:
        return ()
    unseen = _unseen(found, active)
    mine = one.made_by == person
    rest = (button("preview", "Try it out again"), button("withdraw", "Withdraw it"))
    if one.state == "waiting_for_second":
        own = "You drafted it: another admin approves it." if mine else ""
        return (button("approve", "Approve it", own or unseen, main=True), *rest)
    text = "Make it govern" if is_nowhere_stricter(one.policy, active.policy) else "Ask for a second admin"
    another = "" if mine else "Somebody else drafted it, and makes it govern."
    return (button("activate", text, another or unseen, main=True), *rest)


def _unseen(found: Preview | None, active: Version) -> str:
    if found is None or found.stopped:
        return "It has not been tried out to the end."
    if found.against != active.number:
        return "The active policy changed: try it out again."
    return "" if found.finished_at else "It is being tried out."


def _audit_href(one: Version) -> str:
    return f"{reverse('audit')}?action={AUDIT[one.state]}"


def _href(number: int) -> str:
    return reverse("policy_version", args=[number])

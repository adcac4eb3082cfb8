"""What the audit's actions and actors are called: a dotted code and a `kind:name` in, words out."""

from dataclasses import replace

from inspector.display.words import Tone, Word

_ACTIONS = (
    Word("repair.approved", "Approved a repair"),
    Word("repair.applied", "Applied a repair", Tone.GOOD),
    Word("repair.finished", "Read a repair back", Tone.GOOD),
    Word("repair.refused", "Refused", Tone.WARN),
    Word("repair.failed", "Failed", Tone.BAD),
    Word("repair.needs_person", "Needs a person", Tone.BAD),
    Word("repair.expired", "Approval ran out", Tone.WARN),
    Word("bulk_repair.drafted", "Drafted a bulk repair"),
    Word("bulk_repair.started", "Started a bulk repair"),
    Word("bulk_repair.second_asked", "Asked for a second person for a bulk repair"),
    Word("bulk_repair.approved", "Approved a bulk repair"),
    Word("bulk_repair.refused", "Was refused a bulk repair", Tone.WARN),
    Word("bulk_repair.paused", "Paused a bulk repair", Tone.WARN),
    Word("bulk_repair.resumed", "Let a bulk repair go on"),
    Word("bulk_repair.cancelled", "Cancelled a bulk repair", Tone.WARN),
    Word("bulk_repair.finished", "Finished a bulk repair", Tone.GOOD),
    Word("applies.paused", "Paused all applies", Tone.WARN),
    Word("applies.resumed", "Let applies go on", Tone.GOOD),
    Word("queue.replayed", "Replayed an account"),
    Word("queue.ignored", "Ignored a failing account", Tone.WARN),
    Word("event.replayed", "Replayed an event"),
    Word("event.ignored", "Ignored an event", Tone.WARN),
    Word("finding.settled", "Settled a finding about an event"),
    Word("mode.set", "Set a class's mode", Tone.WARN),
    Word("automation.stopped", "Stopped automatic severe repairs", Tone.BAD),
    Word("automation.resumed", "Let automatic severe repairs go on", Tone.GOOD),
    Word("policy.drafted", "Drafted a version of the policy"),
    Word("policy.preview_begun", "Tried a version of the policy out again"),
    Word("policy.second_asked", "Asked for a second admin for the policy"),
    Word("policy.activated", "Made a version of the policy govern", Tone.WARN),
    Word("policy.withdrawn", "Withdrew a version of the policy"),
    Word("policy.refused", "Was refused a change of policy", Tone.WARN),
    Word("login.set", "Set a login", Tone.WARN),
    Word("token.made", "Made an API token", Tone.WARN),
    Word("token.revoked", "Revoked an API token"),
    Word("token.refused", "Was refused a change of API tokens", Tone.WARN),
    Word("relapse.released", "Released a cell that was changed back"),
    Word("snooze.set", "Put an account off"),
    Word("snooze.ended", "Took an account back early"),
    Word("case.decided", "Decided on a case"),
    Word("case.ended", "Ended a decision on a case", Tone.WARN),
    Word("case.refused", "Was refused a decision on a case", Tone.WARN),
    Word("export.begun", "Began to save a list as a file"),
    Word("export.made", "Saved a list as a file"),
    Word("look_ups.pruned", "Forgot old look-ups"),
)
_KNOWN = {word.code: word for word in _ACTIONS}
_OF_UNDOS = {
    "repair.approved": "Approved an undo",
    "repair.applied": "Undid a repair",
    "repair.finished": "Read an undo back",
}
_KINDS = {"user": "", "token": "API token", "task": "schedule", "terminal": "terminal"}


def action_word(code: str, *, is_undo: bool = False) -> Word:
    """The action in words; one without words of its own says its code's parts. Of a repair: `is_undo` when its plan was
    the inverse of another."""
    said = code.replace(".", ": ").replace("_", " ").capitalize()
    known = _KNOWN.get(code) or Word(code, said)
    return replace(known, text=_OF_UNDOS[code]) if is_undo and code in _OF_UNDOS else known


def actor_words(actor: str) -> str:
    """`user:ada` as `ada`, `task:sweep` as `sweep (schedule)`, anything else as it stands."""
    kind, _, name = actor.partition(":")
    if not name or kind not in _KINDS:
        return actor
    return f"{name} ({_KINDS[kind]})" if _KINDS[kind] else name

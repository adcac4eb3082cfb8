"""Who did something, as the audit, the queues and the events name them: `user:name`, `token:name`, `task:name`,
`terminal:name`."""

from typing import Final

KINDS: Final = ("user:", "token:", "task:", "terminal:")
AUTO: Final = "task:auto"  # repairs by itself what a class's mode lets it
BULK: Final = "task:bulk"  # drives bulk repairs
CALENDAR: Final = "task:calendar"  # ends what has a last day
_PERSON: Final = "user:"


def person(username: str) -> str:
    """The actor that somebody with that login is."""
    return f"{_PERSON}{username}"


def is_person(actor: str) -> bool:
    return actor.startswith(_PERSON)


def name_of(actor: str) -> str:
    """A person's login; anybody else's name as it stands."""
    return actor.removeprefix(_PERSON)

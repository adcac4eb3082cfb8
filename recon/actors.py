"""Who did something, as the audit, the queues and the events name them: `user:name`, `token:name`, `task:name`,
`terminal:name`."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

KINDS: Final = ("user:", "token:", "task:", "terminal:")
AUTO: Final = "task:auto"  # repairs by itself what a class's mode lets it
BULK: Final = "task:bulk"  # drives bulk repairs
CALENDAR: Final = "task:calendar"  # ends what has a last day
RECOVERY: Final = "task:recover"  # settles what a crash left
_PERSON: Final = "user:"
_TOKEN: Final = "token:"


class Scope(StrEnum):
    """What a token is given: the column "tool" of the table of roles."""

    READ = "read"  # look, search, recompute
    REPAIR = "repair"  # approve a lenient plan
    BULK = "bulk"  # start a bulk repair
    AUDIT = "audit"

    @property
    def group(self) -> str:
        """As the table of rights names it, apart from every role."""
        return f"scope:{self}"


def groups_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """What a token with these scopes has where a person has groups."""
    return frozenset(Scope(scope).group for scope in scopes)


def person(username: str) -> str:
    """The actor that somebody with that login is."""
    return f"{_PERSON}{username}"


def token(name: str) -> str:
    """The actor that a program with that token is."""
    return f"{_TOKEN}{name}"


def is_token(actor: str) -> bool:
    return actor.startswith(_TOKEN)


def is_person(actor: str) -> bool:
    return actor.startswith(_PERSON)


def name_of(actor: str) -> str:
    """A person's login; anybody else's name as it stands."""
    return actor.removeprefix(_PERSON)


def token_name_of(actor: str) -> str:
    """The name of a token, without what says that it is one."""
    return actor.removeprefix(_TOKEN)

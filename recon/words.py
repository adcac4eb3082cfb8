"""What people write, as it is kept."""

from typing import Final

LONGEST_REASON: Final = 500  # characters, of a reason that pages show whole


def storable(text: str, most: int | None = None) -> str:
    """Without what PostgreSQL's text cannot hold and the blanks around it, a line's end as one character (browsers send
    two), at most so many characters."""
    return text.replace("\x00", "").replace("\r\n", "\n").strip()[:most]


def reason_in(text: str, why: str = "Say why: whoever looks at this next will ask.") -> str:
    """The reason as it is recorded. ValueError, with `why` it is asked for, when there is none."""
    reason = storable(text)
    if not reason:
        raise ValueError(why)
    return reason

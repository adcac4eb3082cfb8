"""Pages of a list: where the next one begins is a text that means something to us alone."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from rest_framework.request import Request

from inspector.api.parameters import Parameter, whole

USUAL: Final = 50
MOST: Final = 200
LIKE: Final = re.compile(r"[A-Za-z0-9_-]{1,1400}", re.ASCII)
PAGE_SIZE: Final = whole("page_size", 1, MOST, "How many results a page has at most.", usual=USUAL)


def written(place: str) -> str:
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read(text: str) -> str:
    """Raises ValueError: it is none of ours."""
    try:
        place = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode() if LIKE.fullmatch(text) else ""
    except (Error, UnicodeDecodeError):
        place = ""
    if not place or "\x00" in place or written(place) != text:
        raise ValueError("not a cursor: take it from `next` of the page before")
    return place


CURSOR: Final = Parameter(
    "cursor",
    "Where the page begins, as `next` of the page before says it; without one, at the beginning.",
    {"type": "string", "minLength": 1, "maxLength": 1400, "pattern": "^[A-Za-z0-9_-]+$"},
    read,
    written("acc_1"),
)
PAGED: Final = (CURSOR, PAGE_SIZE)


def page_json(request: Request, results: Sequence[Mapping[str, Any]], place: str | None) -> dict[str, Any]:
    """`next` leads on with the same question, relative to this host; null on the last page."""
    if place is None:
        return {"results": list(results), "next": None}
    query = request.query_params.copy()
    query["cursor"] = written(place)
    return {"results": list(results), "next": f"{quote(request.path)}?{query.urlencode()}"}

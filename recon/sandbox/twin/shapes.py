"""The small shapes that every builder of the twin's objects shares."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
MONTH_S = 30 * 86_400


def no_address() -> Json:
    """An address of which nothing is known."""
    return {
        "city": None,
        "country": None,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }


def listing(url: str, data: Sequence[Json]) -> Json:
    """A list object as it stands inside another object."""
    return {"object": "list", "data": list(data), "has_more": False, "url": url}

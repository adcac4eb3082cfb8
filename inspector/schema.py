"""The schema of the API, made once for each process: what it is made from does not change while it runs."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@cache
def schema() -> dict[str, Any]:
    """An OpenAPI document. Nobody changes it."""
    generator: Any = SchemaGenerator
    made: dict[str, Any] = generator().get_schema(request=None, public=True)
    return made

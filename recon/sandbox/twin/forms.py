"""Stripe's form encoding: `metadata[plan]=pro`, `expand[0]=data.payments`, `created[gte]=1` as nested values."""

import re
from typing import Any
from urllib.parse import parse_qsl

from recon.sandbox.twin.errors import invalid

PART = re.compile(r"\[([^\[\]]*)\]")
Params = dict[str, Any]


def parse(encoded: str) -> Params:
    """Query string or form body → nested dicts and lists; every leaf is text. Refused: a key that makes no sense."""
    params: Params = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        name, _, rest = key.partition("[")
        _put(params, [name, *PART.findall(f"[{rest}" if rest else "")], value)
    return {name: _listed(value) for name, value in params.items()}


def _put(params: Params, path: list[str], value: str) -> None:
    *parents, last = path
    for part in parents:
        params = params.setdefault(part or str(len(params)), {})
        if not isinstance(params, dict):
            raise invalid(f"Invalid parameter: {part}")
    params[last or str(len(params))] = value


def _listed(value: Any) -> Any:
    """Dicts with the keys 0, 1, … are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(item) for key, item in value.items()}

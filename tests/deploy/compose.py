"""docker-compose.yml as Compose reads it: merged, and with its variables filled in."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docker-compose.yml"
VARIABLE: Final = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<how>:[-?+])(?P<word>[^}]*))?\})")


class Unset(Exception):
    """A variable that has to be set is not: its name, and what the file says of it."""


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The whole file. Raises Unset."""
    return _filled(yaml.safe_load(FILE.read_text(encoding="utf-8")), variables)


def variables() -> Iterator[re.Match[str]]:
    """Every place of the file where a variable is filled in."""
    return (found for found in VARIABLE.finditer(FILE.read_text(encoding="utf-8")) if not found["escaped"])


def seconds(duration: str) -> float:
    """Of a duration as `1m30s`, as far as the file uses them."""
    minutes, rest = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration).groups()
    return 60 * int(minutes or 0) + int(rest or 0)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: _content(found, variables), value)
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    return value


def _content(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    content = variables.get(found["name"], "")
    match found["how"]:
        case ":-":
            return content or found["word"]
        case ":+":
            return found["word"] if content else ""
        case ":?" if not content:
            raise Unset(f"{found['name']}: {found['word']}")
    return content

"""The environment's variables; each of them may name a file instead, as containers are handed their secrets."""

import os
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv, ValidationError

SUFFIX: Final = "_FILE"
SCHEMES: Final = ("postgres://", "postgresql://")


class Environment(FileAwareEnv):
    """NAME, or else what is written in the file that NAME_FILE names.

    Raises ImproperlyConfigured: both are set, or there is nothing to read.
    """

    def _get_value(self, env_key: str, default: Any) -> Any:
        path = os.environ.get(env_key + SUFFIX)
        if not path:
            return super()._get_value(env_key, default)
        if os.environ.get(env_key):
            raise ImproperlyConfigured(f"{env_key} and {env_key}{SUFFIX} are both set: unset one of them.")
        return _content(env_key + SUFFIX, Path(path))


def _content(variable: str, path: Path) -> str:
    """Without the end of its last line. An empty file is refused: an address or a key was to be there."""
    try:
        content = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ImproperlyConfigured(f"{variable} names {path}, which cannot be read: {why}.") from error
    if not content:
        raise ImproperlyConfigured(f"{variable} names {path}, which is empty.")
    return content


def names_postgresql(url: str) -> None:
    """Of a variable that may be left out. Raises ValidationError, which does not repeat the URL: it has a password."""
    if url and not url.startswith(SCHEMES):
        raise ValidationError("it is to be postgres://role:password@host:port/database.")

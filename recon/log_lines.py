"""The last look at a log line before it is written: what names a person or opens a door is taken out.

What we log holds ids alone; but a library's exception may quote a row, a header, or an address with its password.
"""

import logging
import re
from typing import Final

_TAKEN_OUT: Final = (
    (re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)"), "…"),  # who logs in to a server, and with what
    (re.compile(r"\b(?:recon_[a-z0-9]{12}_|(?:sk|rk|pk)_(?:live|test)_|whsec_)[\w-]+"), "…"),
    (re.compile(r"(?i)\bbearer\s+[^\s'\",]+"), "Bearer …"),
    (re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    (re.compile(r"(?m)^(\s*DETAIL:).*$"), r"\1 …"),  # PostgreSQL quotes the row there
)


def scrubbed(text: str) -> str:
    """The text without secrets, e-mail addresses and quoted rows."""
    for pattern, instead in _TAKEN_OUT:
        text = pattern.sub(instead, text)
    return text


class ScrubbedLines(logging.Formatter):
    """A message is one line, whatever was put into it; a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\r", r"\r").replace("\n", r"\n")

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))

"""The last look at a log line before it is written: what names a person or opens a door is taken out.

What we log holds ids alone; but a library's exception may quote a row, a header, or an address with its password. A
line is text for people, or one JSON object for programs; both have the ids of the work under way.
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from recon.traces import trace_ids
from recon.under_way import SAID, ids

_TAKEN_OUT: Final = (
    (re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)"), "…"),  # who logs in to a server, and with what
    (re.compile(r"\b(?:recon_[a-z0-9]{12}_|(?:sk|rk|pk)_(?:live|test)_|whsec_)[\w-]+"), "…"),
    (re.compile(r"(?i)\bbearer\s+[^\s'\",]+"), "Bearer …"),
    (re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    (re.compile(r"(?m)^(\s*DETAIL:).*$"), r"\1 …"),  # PostgreSQL quotes the row there
)
_OURS: Final = ("recon", "inspector")
_EVERY_RECORDS: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request_id"}


def scrubbed(text: str) -> str:
    """The text without secrets, e-mail addresses and quoted rows."""
    for pattern, instead in _TAKEN_OUT:
        text = pattern.sub(instead, text)
    return text


class RequestIdFilter(logging.Filter):
    """Gives each line the id of the request that it belongs to, or a dash; also to one that comes after the answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = ids().get("request_id") or getattr(getattr(record, "request", None), "request_id", "-")
        return True


class ScrubbedLines(logging.Formatter):
    """A message is one line, whatever was put into it; a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\r", r"\r").replace("\n", r"\n")

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))


class JsonLines(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, the ids of the work under way, and what our own code says
    besides. What a library adds to its lines may be a request or a row, and is left out."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: said for name, said in {**_ids_of(record), **_said_by(record)}.items() if name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(_clean(line), default=lambda other: scrubbed(str(other)))


def _ids_of(record: logging.LogRecord) -> Mapping[str, str]:
    request_id = getattr(record, "request_id", "-")
    return {**({} if request_id == "-" else {"request_id": request_id}), **ids(), **trace_ids()}


def _said_by(record: logging.LogRecord) -> Mapping[str, Any]:
    if record.name.partition(".")[0] not in _OURS:
        return {}
    besides = {name: value for name, value in record.__dict__.items() if name not in _EVERY_RECORDS}
    return {**besides.pop(SAID, {}), **besides}


def _clean(said: Any) -> Any:
    """Before it becomes JSON: a quoted row is known by where its line begins."""
    if isinstance(said, str):
        return scrubbed(said)
    if isinstance(said, Mapping):
        return {scrubbed(str(name)): _clean(value) for name, value in said.items()}
    if isinstance(said, list | tuple | set | frozenset):
        return [_clean(one) for one in said]
    return said

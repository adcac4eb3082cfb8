"""How the two ends of a connection find out that the other is gone when nothing says so.

A host that is cut off sends no goodbye. Left to itself, Linux asks after two hours of silence whether the other end
still lives, and repeats for a quarter of an hour what nobody acknowledges. So long a server keeps the transaction of a
host that is gone, with its locks, and so long a process here waits for an answer. All of it is bounded here, once.
"""

import socket
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

PROBES: Final = 2
CONNECT_SECONDS: Final = 5
BROKER_OPTIONS: Final = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
"""Their names on Linux; where a system lacks one, the others do."""


def guarded(url: str, seconds: int, **at_server: str) -> str:
    """The URL of a PostgreSQL database whose two ends give each other up after so many seconds of silence.

    `at_server` are more parameters of its sessions. What the URL says itself stands; 0 seconds change nothing.
    """
    if not url or not seconds:
        return url
    parts = urlsplit(url)
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    idle, interval = _pauses(seconds)
    ours = {
        "connect_timeout": min(CONNECT_SECONDS, seconds),
        "keepalives_idle": idle,
        "keepalives_interval": interval,
        "keepalives_count": PROBES,
        "tcp_user_timeout": seconds * 1000,
    }
    theirs = {
        "tcp_keepalives_idle": idle,
        "tcp_keepalives_interval": interval,
        "tcp_keepalives_count": PROBES,
        "tcp_user_timeout": seconds * 1000,
        **at_server,
    }
    options = " ".join([*(f"-c {name}={value}" for name, value in theirs.items()), said.get("options", "")]).strip()
    query = urlencode({**ours, **said, "options": options}, quote_via=quote)
    return parts._replace(query=query).geturl()


def broker_options(seconds: int) -> dict[str, Any]:
    """The same for the broker, as kombu's transport takes it."""
    if not seconds:
        return {}
    values = (*_pauses(seconds), PROBES, seconds * 1000)
    options = {
        getattr(socket, name): value
        for name, value in zip(BROKER_OPTIONS, values, strict=True)
        if hasattr(socket, name)
    }
    return {
        "socket_connect_timeout": min(CONNECT_SECONDS, seconds),
        "socket_timeout": seconds,
        "socket_keepalive": True,
        "socket_keepalive_options": options,
    }


def _pauses(seconds: int) -> tuple[int, int]:
    """Of silence before the first question, and between questions: all of them have been asked after `seconds`."""
    interval = max(1, seconds // 4)
    return max(1, seconds - PROBES * interval), interval

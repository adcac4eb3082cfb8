"""Ports on the loopback: keep the one we had, or find a free one."""

import secrets
import socket

LOOPBACK = "127.0.0.1"
# Below the ports that systems lend to outgoing connections: one of those would take ours while a server is down.
RANGE = range(15_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def keep_or_find(port: int | None) -> int:
    """`port` when it is still free, else any free one. Somebody may take it before we bind it: callers try again."""
    if port and is_free(port):
        return port
    return next(candidate for candidate in iter(_any_port, None) if is_free(candidate))


def _any_port() -> int:
    return RANGE.start + secrets.randbelow(len(RANGE))

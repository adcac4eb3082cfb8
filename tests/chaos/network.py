"""Hosts of their own on one wire: network namespaces behind a bridge, each of which can be cut off.

Whoever calls this is in the servers' namespace already (`enter`), where the bridge is and all servers listen. Cut off
means that packets vanish: nobody is told, no connection is reset, which is what a pulled cable or a dead host does.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

BRIDGE: Final = "wire"
MASK: Final = 24
ADDRESSES: Final[Mapping[str, str]] = {
    "recon": "10.77.0.1",
    "valkey": "10.77.0.2",
    "stripe": "10.77.0.3",
    "subs_account": "10.77.0.11",
    "subs_customer": "10.77.0.12",
    "subs_dunning": "10.77.0.13",
    "billing_prod": "10.77.0.14",
    "cf_prod": "10.77.0.15",
}
"""An address for each server, so that a host may lose one and keep the others."""
NOBODY: Final = "02:de:ad:00:00:01"
INSIDE: Final = "CUT_OFF_INSIDE"
PATIENCE_SECONDS: Final = 5.0


class Cut(StrEnum):
    """What of a host's packets vanishes."""

    ALL = "all, both ways"
    SENT = "all that it sends"
    RECEIVED = "all that it is sent"
    OURS = "what it sends to our database"
    STORE = "what it sends to one store"
    VALKEY = "what it sends to Valkey"
    STRIPE = "what it sends to Stripe"


ONE_SERVER: Final = {Cut.OURS: "recon", Cut.STORE: "cf_prod", Cut.VALKEY: "valkey", Cut.STRIPE: "stripe"}


@dataclass(slots=True)
class Host:
    """One namespace, which lives as long as `holder` does; `prefix` runs a command in it."""

    name: str
    address: str
    holder: "subprocess.Popen[bytes]"
    cuts: list[Callable[[], None]] = field(default_factory=list)

    @property
    def port(self) -> str:
        return f"to-{self.name}"

    @property
    def prefix(self) -> list[str]:
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--"]

    def run(self, *argv: str) -> None:
        _run(*self.prefix, *argv)


def is_possible() -> bool:
    """May this user make network namespaces?"""
    try:
        made = subprocess.run(
            ["unshare", "--net", "ip", "link", "add", BRIDGE, "type", "bridge"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return made.returncode == 0


def enter() -> None:
    """Start this very command again in a namespace of its own, once: the rest of its life it is in there."""
    if not is_possible():
        print("Left out: it needs network namespaces, which are for root, with iproute2 and util-linux.")
        sys.exit(0)
    if INSIDE not in os.environ:
        argv = ["unshare", "--net", "--", sys.executable, "-m", *_module(), *sys.argv[1:]]
        os.execvpe("unshare", argv, {**os.environ, INSIDE: "1"})
    _run("ip", "link", "set", "lo", "up")


def _module() -> list[str]:
    spec = sys.modules["__main__"].__spec__
    assert spec is not None, "run it with python -m"
    return [spec.name]


@contextmanager
def wire(*names: str) -> Iterator[dict[str, Host]]:
    """A bridge with every server's address, and these hosts on it."""
    # An address of its own: else the bridge has that of one of its hosts, and another one when that is cut off.
    _run("ip", "link", "add", BRIDGE, "address", "02:77:00:00:00:01", "type", "bridge")
    _run("ip", "link", "set", BRIDGE, "up")
    for address in ADDRESSES.values():
        _run("ip", "address", "add", f"{address}/{MASK}", "dev", BRIDGE)
    hosts = {name: _host(name, f"10.77.0.{number}") for number, name in enumerate(names, start=101)}
    try:
        yield hosts
    finally:
        for host in hosts.values():
            host.holder.kill()
            host.holder.wait()
        _run("ip", "link", "delete", BRIDGE)


def cut(host: Host, what: Cut) -> None:
    """From now on it vanishes, until `mend`."""
    if what is Cut.ALL:
        _run("ip", "link", "set", host.port, "nomaster")
        host.cuts.append(lambda: _run("ip", "link", "set", host.port, "master", BRIDGE))
    elif what is Cut.RECEIVED:
        _lead_astray([], host.address, BRIDGE)
        host.cuts.append(lambda: _forget([], host.address, BRIDGE))
    else:
        there = [ADDRESSES[ONE_SERVER[what]]] if what in ONE_SERVER else list(ADDRESSES.values())
        for address in there:
            _lead_astray(host.prefix, address, "eth0")
        host.cuts.append(lambda: [_forget(host.prefix, address, "eth0") for address in there] and None)


def mend(host: Host) -> None:
    """Whatever was cut is whole again; what the kernels still have to send, they send."""
    for undo in host.cuts:
        undo()
    host.cuts.clear()


def _host(name: str, address: str) -> Host:
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    host = Host(name, address, holder)
    _wait_until_apart(holder.pid)
    _run("ip", "link", "add", host.port, "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
    _run("ip", "link", "set", host.port, "master", BRIDGE, "up")
    host.run("ip", "link", "set", "lo", "up")
    host.run("ip", "link", "set", "eth0", "up")
    host.run("ip", "address", "add", f"{address}/{MASK}", "dev", "eth0")
    return host


def _wait_until_apart(pid: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    ours = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        if time.monotonic() > until:
            raise RuntimeError("The host's namespace was not made.")
        time.sleep(0.01)


def _lead_astray(where: list[str], address: str, device: str) -> None:
    """Packets to this address go to a card that nobody has."""
    _run(*where, "ip", "neighbour", "replace", address, "lladdr", NOBODY, "dev", device, "nud", "permanent")


def _forget(where: list[str], address: str, device: str) -> None:
    _run(*where, "ip", "neighbour", "delete", address, "dev", device)


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")

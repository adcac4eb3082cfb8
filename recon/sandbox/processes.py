"""Long-lived child processes that outlive us, are found again after `kill -9`, and never confused with a stranger's.

A process is ours when its pid file names both its pid and its start time, so a pid that the system has given to
somebody else in the meantime is not touched.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

# psutil derives start times from the boot time, which moves a little when the clock is set.
START_TOLERANCE_S = 2.0


def record(pid_file: Path, pid: int) -> None:
    """Remember a process by pid and start time (seconds since 1970)."""
    pid_file.write_text(json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))


def find(pid_file: Path) -> psutil.Process | None:
    """The recorded process if it still runs, else None."""
    try:
        said = json.loads(pid_file.read_text())
        process = psutil.Process(said["pid"])
        if not is_alive(process) or abs(process.create_time() - said["started"]) > START_TOLERANCE_S:
            return None
    except (FileNotFoundError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
        return None
    return process


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie that nobody has waited for does not."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def spawn(
    pid_file: Path, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (Ctrl-C does not reach it) with its output in `log`, and record it."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=None if env is None else dict(env),
            start_new_session=True,
        )
    record(pid_file, child.pid)
    return child


def stop(pid_file: Path, timeout_s: float = 10.0) -> None:
    """Stop the recorded process and what is left of its session: first asked, then killed. Nothing there is fine."""
    members = _session(pid_file)
    leader = find(pid_file)
    if leader is not None:
        _finish([leader], timeout_s)
    _finish([member for member in members if is_alive(member)], 2.0)
    pid_file.unlink(missing_ok=True)


def _finish(processes: Sequence[psutil.Process], timeout_s: float) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _gone, left = psutil.wait_procs(processes, timeout=timeout_s)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=5.0)


def _session(pid_file: Path) -> list[psutil.Process]:
    """The other processes of the recorded one's session, its leader alive or not.

    The system gives no new process a number that is still some session's, so members that are younger than the leader
    was are the leader's own descendants, unless the number has a new owner.
    """
    try:
        said = json.loads(pid_file.read_text())
        leader, started = int(said["pid"]), float(said["started"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    if psutil.pid_exists(leader) and find(pid_file) is None and is_alive(psutil.Process(leader)):
        return []
    return [process for process in psutil.process_iter() if _is_member(process, leader, started)]


def _is_member(process: psutil.Process, leader: int, started: float) -> bool:
    with suppress(psutil.Error, ProcessLookupError, PermissionError):
        return (
            process.pid != leader
            and os.getsid(process.pid) == leader
            and process.create_time() >= started - START_TOLERANCE_S
        )
    return False

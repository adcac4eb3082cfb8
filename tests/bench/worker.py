"""A Celery worker beside the bench, watched: its memory, and what it and the database took of the processors."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Watched:
    """The largest sum of the worker's memories, and the largest of one of its processes; seconds of processors since it
    was ready."""

    megabytes: float = 0.0
    largest: float = 0.0
    busy: float = 0.0
    database_busy: float = 0.0


@contextmanager
def watched_worker(var: Path, processes: int) -> Iterator[Watched]:
    """A worker of so many processes, ready; `var` is where the database's server lives."""
    command = [sys.executable, "-m", "celery", "-A", "recon", "worker", f"--concurrency={processes}", "-Q", "now,bulk"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watched, over = Watched(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, var, watched, over), daemon=True)
    try:
        _wait_for(process.pid)
        watcher.start()
        yield watched
        over.set()
        watcher.join()
    finally:
        over.set()
        process.terminate()
        process.wait(timeout=60)


def _wait_for(pid: int) -> None:
    from recon.bootstrap import task_sender

    while not task_sender().control.ping(timeout=0.5):
        assert psutil.pid_exists(pid), "the worker did not start"


def _watch(pid: int, var: Path, watched: Watched, over: threading.Event) -> None:
    worker = psutil.Process(pid)
    database = psutil.Process(int((var / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))
    began, database_began = _busy(worker), _busy(database)
    while not over.wait(0.2):
        memories = [one.memory_info().rss / 2**20 for one in (worker, *worker.children(recursive=True))]
        watched.megabytes = max(watched.megabytes, sum(memories))
        watched.largest = max(watched.largest, *memories)
        watched.busy = _busy(worker) - began
        watched.database_busy = _busy(database) - database_began


def _busy(process: psutil.Process) -> float:
    """Seconds of processors that it and its children have had, those that ended too."""
    times = process.cpu_times()
    seconds = times.user + times.system + times.children_user + times.children_system
    for one in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a server's child may end between the two calls
            times = one.cpu_times()
            seconds += times.user + times.system
    return float(seconds)

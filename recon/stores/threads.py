"""Threads that are kept for what a process does again and again: to start one costs more than most reads do."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class KeptThreads:
    """So many at most, made when they are needed; others after a fork, because threads do not survive one."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._pid = 0

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self._executor is None or self._pid != os.getpid():
            self._executor = ThreadPoolExecutor(self._most, thread_name_prefix=self._name)
            self._pid = os.getpid()
        return self._executor.submit(work, *args, **kwargs)

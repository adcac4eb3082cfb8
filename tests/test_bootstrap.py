"""What is built once for the process."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

from recon.bootstrap import once


def test_threads_that_ask_at_the_same_moment_get_the_same_one() -> None:
    another_builds_too, built, got = Barrier(2), [], []

    @once
    def client() -> object:
        with suppress(BrokenBarrierError):
            another_builds_too.wait(timeout=0.2)
        built.append(object())
        return built[-1]

    threads = [Thread(target=lambda: got.append(client())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(built), got) == (1, [built[0], built[0]])

"""Hints to workers: in a child process they neither wait for a lock of the parent's nor speak on its connections."""

import os

from recon import bootstrap
from recon.actions import wake


def test_a_child_has_a_bell_and_a_sender_of_its_own() -> None:
    parents = wake._doorbell(), bootstrap.task_sender()
    child = os.fork()
    if child == 0:
        own = wake._doorbell(), bootstrap.task_sender()
        os._exit(any(one is other for one, other in zip(own, parents, strict=True)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

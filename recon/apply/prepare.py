"""Write and prepare the branches of one apply or of several, everything in flight at once from one thread.

Each apply is for itself: where one of its branches fails all of its own are given up, and nobody else's.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from recon.apply.journal import Held
from recon.apply.steps import Observer, Step
from recon.engine.facts import StoreName
from recon.stores.base import Branch, Prepared, RowWrite, StoreError, WritableStore
from recon.traces import moment, passed

Rows = Mapping[StoreName, Sequence[RowWrite]]


def prepare_all(
    wanted: Mapping[Held, Rows], stores: Mapping[StoreName, WritableStore], observe: Observer
) -> dict[Held, list[Prepared] | StoreError]:
    """Writes everywhere, and PREPAREs an apply only when each of its writes met its row; what came of each apply.

    Every PREPARE that was sent has answered on return: one given up on would arrive after the abort.
    """
    with ExitStack() as stack:
        begun = {held: _Branches(held, rows, stores, observe) for held, rows in wanted.items()}
        for branches in begun.values():
            stack.callback(branches.abandon)
        for step in (_Branches.send_writes, _Branches.await_writes):
            _each(begun, step)
        if any(branches.error is None for branches in begun.values()):
            observe(Step.WRITES_CHECKED)
        for step in (_Branches.send_prepares, _Branches.await_prepares):
            _each(begun, step)
    return {held: branches.error or branches.prepared for held, branches in begun.items()}


class _Branches:
    """The branches of one apply, in the stores' order; `error` is the first that any of them met."""

    def __init__(self, held: Held, rows: Rows, stores: Mapping[StoreName, WritableStore], observe: Observer) -> None:
        self.error: StoreError | None = None
        self.prepared: list[Prepared] = []
        self._held = held
        self._rows = rows
        self._stores = stores
        self._observe = observe
        self._branches: list[Branch] = []
        self._since: dict[StoreName, int] = {}

    def send_writes(self) -> None:
        for store, writes in self._rows.items():
            branch = self._stores[store].branch()
            self._branches.append(branch)
            self._since[store] = moment()
            branch.send_writes(self._held.gid(store), writes)
            self._observe(Step.WRITES_SENT)

    def await_writes(self) -> None:
        self.prepared = [branch.await_writes() for branch in self._branches]

    def send_prepares(self) -> None:
        for branch in self._branches:
            branch.send_prepare()
            self._observe(Step.PREPARE_SENT)

    def await_prepares(self) -> None:
        errors = []
        for (store, since), branch in zip(self._since.items(), self._branches, strict=True):
            try:
                branch.await_prepare()
            except StoreError as error:
                errors.append(error)
            passed("prepare", since, store=store.value, account_id=self._held.account_id)
            self._observe(Step.BRANCH_PREPARED)
        if errors:
            raise errors[0]

    def abandon(self) -> None:
        """Drops what is not prepared."""
        for branch in self._branches:
            branch.abandon()


def _each(begun: Mapping[Held, _Branches], step: Callable[[_Branches], None]) -> None:
    for branches in begun.values():
        if branches.error is None:
            try:
                step(branches)
            except StoreError as error:
                branches.error = error
                branches.abandon()

"""What was approved beside what would be written now, write by write."""

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.display.proposals import number_of
from inspector.display.writes import WriteLine, cell_words, write_line
from recon.queries.account import AccountView, Json

_Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparedWrite:
    """One cell of either plan: `code` is the CSS class (same, added, removed, changed), `sign` is drawn, `word` said.
    `approved` and `now` are `old → new`; the one of a plan that does not hold the cell is empty."""

    code: str
    sign: str
    word: str
    line: WriteLine
    approved: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both plans in one: `summary` says how they differ, `differences` where, `same` what both hold."""

    summary: str
    differences: tuple[ComparedWrite, ...]
    same: tuple[ComparedWrite, ...]
    same_words: str


def comparison(approved: Sequence[Json], view: AccountView) -> Comparison:
    """The writes of the account's latest plan, in its order, and then those that were approved and fell away."""
    before = {_place(write): write for write in approved}
    after = {_place(write): write for write in view.writes}
    wanted = [_wanted(write, before.get(place), view) for place, write in after.items()]
    fallen = [_fallen(write, view) for place, write in before.items() if place not in after]
    writes = (*wanted, *fallen)
    same = tuple(write for write in writes if write.code == "same")
    return Comparison(
        summary=_summary(writes),
        differences=tuple(write for write in writes if write.code != "same"),
        same=same,
        same_words=f"{number_of(len(same), 'write')} as approved",
    )


def _place(write: Json) -> _Place:
    return (write["store"], write["table"], *map(str, write["key"].values()), write["column"])


def _wanted(write: Json, before: Json | None, view: AccountView) -> ComparedWrite:
    line, now = write_line(write, view.account_id, view.because), _change(write)
    if before is None:
        return ComparedWrite("added", "+", "new", line, "", now)
    if (before["stored"], before["truth"]) == (write["stored"], write["truth"]):
        return ComparedWrite("same", "=", "as approved", line, now, now)
    return ComparedWrite("changed", "≠", "changed", line, _change(before), now)


def _fallen(write: Json, view: AccountView) -> ComparedWrite:
    line = write_line(write, view.account_id, {})
    return ComparedWrite("removed", "−", "no longer needed", line, _change(write), "")


def _change(write: Json) -> str:
    return f"{cell_words(write, write['stored'])} → {cell_words(write, write['truth'])}"


def _summary(writes: Sequence[ComparedWrite]) -> str:
    differences = [
        f"{count} {word}"
        for code, word in (("added", "new"), ("changed", "changed"), ("removed", "no longer needed"))
        if (count := sum(write.code == code for write in writes))
    ]
    if differences:
        return f"Against what was approved: {', '.join(differences)}."
    return "The writes are the same, but the rows or facts behind them were touched since: so it is asked again."

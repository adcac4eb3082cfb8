"""How far a bulk repair may go at each stage, and when it has to stop by itself."""

from typing import Final

from recon.models import BulkOutcome, BulkRepair, BulkStage

REACHES: Final = {BulkStage.CANARY: 5, BulkStage.FIFTY: 55}  # accounts from the first; the rest has no end
NEXT: Final = {BulkStage.CANARY: BulkStage.FIFTY, BulkStage.FIFTY: BulkStage.REST}
WENT_WELL: Final = frozenset({BulkOutcome.APPLIED, BulkOutcome.ALREADY_TRUE})
PROBLEMS: Final = frozenset({BulkOutcome.FAILED, BulkOutcome.IN_DOUBT})
MOST_PROBLEMS_PERCENT: Final = 2
LEAST_DONE: Final = 50  # before that a share says nothing


def reach(run: BulkRepair) -> int:
    """How many accounts, from the first, the run may touch at its stage."""
    return min(REACHES.get(BulkStage(run.stage), run.accounts), run.accounts)


def advance(run: BulkRepair) -> None:
    """To the next stage, once all that the run may touch has an outcome."""
    while run.done >= reach(run) and run.stage in NEXT:
        run.stage = NEXT[BulkStage(run.stage)]


def too_many_problems(run: BulkRepair) -> str:
    """The sentence, where more than 2 % failed since a person last let the run go on; empty where not."""
    done, problems = run.done - run.done_before, run.problems - run.problems_before
    if done < LEAST_DONE or problems * 100 <= MOST_PROBLEMS_PERCENT * done:
        return ""
    return f"{problems} of the last {done} accounts failed or are in doubt: more than {MOST_PROBLEMS_PERCENT} %."


def bad_canary(run: BulkRepair, account_id: str, outcome: BulkOutcome, explanation: str) -> str:
    """The sentence, where one of the first five did not go well."""
    if run.stage != BulkStage.CANARY or outcome in WENT_WELL:
        return ""
    words = {BulkOutcome.REFUSED_MOVED: "was refused, its plan had moved", BulkOutcome.SKIPPED: "was skipped"}
    said = words.get(outcome, "failed" if outcome is BulkOutcome.FAILED else "is in doubt")
    return f"Among the first five, {account_id} {said}: {explanation}"

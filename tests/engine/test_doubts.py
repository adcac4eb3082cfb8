"""What keeps a verdict from being known, in words."""

import pytest

from recon.engine.answer import answer
from recon.engine.case import read_case
from recon.engine.pipeline import recompute
from tests.support.kept import golden


@pytest.mark.parametrize("reason", ["no answer", "no answer."])
def test_a_reason_ends_as_a_sentence_whoever_gave_it(reason: str) -> None:
    case = golden("drift/flagged_but_paid")
    given = read_case(case | {"reads": {"cf_prod": {"ok": False, "reason": reason}}})
    said = answer(recompute(given.facts, given.policy, given.now))
    assert [one["text"] for one in said["findings"]] == ["cf_prod could not be read: no answer."]

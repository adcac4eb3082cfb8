"""What a class may be trusted with: each limit alone keeps it back, and says so."""

from dataclasses import replace

import pytest

from recon.engine.rollout import Advice, Evidence, advise, percent

OBSERVED = Evidence(
    mode="observe", days_in_mode=20, days_compared=14, writes=1_204, agreed=1_160, settled=20, right=19, applied=0,
    refused=0, failed=0, written=0, relapsed=0, unknown=0, accounts=5_000, is_stopped=False,
)  # fmt: skip
APPROVED = replace(OBSERVED, mode="approve", applied=60, refused=3, written=400, relapsed=4)


def test_what_has_been_seen_enough_may_go_on_and_why():
    assert advise(OBSERVED) == Advice("approve", True, ("96 % of 1,204 writes by others agree, over 14 days",))
    assert advise(APPROVED) == Advice(
        "auto", True, ("60 repairs, 3 refused, 0 failed, and 4 of 400 written cells were changed back",)
    )


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"days_compared": 6}, "compared for 6 of 7 days"),
        ({"days_compared": 8, "writes": 49, "agreed": 49}, "49 of 50 writes by others to compare with"),
        (
            {"agreed": 1_000, "right": 18},
            "83 % of 1,204 writes by others agree (90 % wanted),"
            " and of 20 settled disagreements the engine was right in 90 % (95 % wanted)",
        ),
        (
            {"agreed": 1_000, "settled": 9, "right": 9},
            "83 % of 1,204 writes by others agree (90 % wanted), and 9 of 10 disagreements are settled",
        ),
        ({"unknown": 101}, "101 of 5,000 verdicts are unknown (at most 2 %)"),
    ],
)
def test_each_limit_keeps_a_class_in_observe(changes, because):
    assert advise(replace(OBSERVED, **changes)) == Advice("approve", False, (because,))


@pytest.mark.parametrize("changes", [{"agreed": 1_000}, {"writes": 0, "agreed": 0}])
def test_an_engine_that_was_right_and_a_class_that_nobody_writes_are_no_obstacles(changes):
    assert advise(replace(OBSERVED, **changes)).may


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"days_in_mode": 13}, "in approve for 13 of 14 days"),
        ({"applied": 49, "refused": 0}, "49 of 50 repairs that people approved"),
        ({"refused": 4}, "4 of 64 repairs were refused, their plan had moved (at most 5 %)"),
        ({"failed": 1}, "1 of 64 repairs failed (at most 1 %)"),
        ({"relapsed": 5}, "5 of 400 written cells were changed back (at most 1 %)"),
        ({"is_stopped": True}, "the breaker is open"),
    ],
)
def test_each_limit_keeps_a_class_in_approve(changes, because):
    assert advise(replace(APPROVED, **changes)) == Advice("auto", False, (because,))


def test_what_is_in_auto_may_stay_until_something_speaks_against_it():
    auto = replace(APPROVED, mode="auto")
    assert (advise(auto).to, advise(auto).may) == ("", True)
    assert advise(replace(auto, relapsed=5)).because == ("5 of 400 written cells were changed back (at most 1 %)",)
    assert advise(replace(auto, applied=10, relapsed=5)).may
    assert advise(replace(auto, applied=10, is_stopped=True)).because == ("the breaker is open",)


def test_a_rate_is_rounded_down():
    assert (percent(8_999, 10_000), percent(0, 0)) == (89, 0)

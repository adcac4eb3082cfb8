"""Who is looked through first: by what the drift does, then by what is owed."""

import pytest

from recon.engine.policy import Policy
from recon.engine.ranks import harm_rank, owed_rank
from recon.engine.truth import TrueBalance


@pytest.mark.parametrize(
    ("details", "cells", "rank"),
    [((), 0, 2), ((), 3, 1), (("wrong",), 3, 1), (("wrong", "paid_but_blocked"), 3, 0)],
)
def test_a_locked_out_payer_is_before_any_other_drift(details: tuple[str, ...], cells: int, rank: int) -> None:
    assert harm_rank(details, drifted_cells=cells) == rank


@pytest.mark.parametrize(
    ("owed", "dust", "rank"),
    [
        ({}, {}, 0),
        ({"eur": 49}, {}, 0),
        ({"eur": 50_000}, {}, -1_000),
        ({"eur": 50_000, "usd": 60_000}, {}, -1_200),
        ({"eur": 50_000, "jpy": 100_000}, {"jpy": 5_000}, -1_000),
        ({"eur": 7}, {"eur": 0}, -7),
        ({"eur": 2**70}, {"eur": 1}, 1 - 2**63),
    ],
)
def test_the_largest_amount_counts_in_what_is_dust_of_its_currency(owed: dict, dust: dict, rank: int) -> None:
    balances = {currency: TrueBalance(minor, 0) for currency, minor in owed.items()}
    assert owed_rank(balances, Policy(dust_by_currency=dust)) == rank

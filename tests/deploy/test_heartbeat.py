"""The signs of life that the health checks ask for."""

import os
from pathlib import Path

import pytest

from recon.heartbeat import touch, trouble


def test_a_process_that_nobody_watches_leaves_no_file(tmp_path: Path) -> None:
    touch(None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("now", "told"), [(1000.0, None), (1030.0, None), (1031.0, "touched 31 s ago, not within 30 s.")]
)
def test_a_sign_of_life_counts_for_so_many_seconds(now: float, told: str | None, tmp_path: Path) -> None:
    sign = tmp_path / "heartbeat"
    touch(sign)
    os.utime(sign, (1000, 1000))
    assert trouble(sign, 30, now=now) == (told and f"{sign}: {told}")


def test_a_process_that_never_began_is_in_trouble(tmp_path: Path) -> None:
    assert trouble(tmp_path / "heartbeat", 30, now=0) == f"{tmp_path / 'heartbeat'}: not touched yet."

"""Plain lines where nobody watches a terminal."""

from io import StringIO

from recon.management.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_the_end_is_one_plain_line():
    stream = StringIO()
    with Progress("Sweep", "accounts", stream) as progress:
        progress(0, 5_000)
        progress(5_000, 5_000)
    assert stream.getvalue().startswith("Sweep: 5,000 accounts in 0.")


def test_work_that_never_began_says_nothing():
    stream = StringIO()
    with Progress("Sweep", "accounts", stream):
        pass
    assert stream.getvalue() == ""


def test_on_a_terminal_a_bar_shows_rate_and_total():
    stream = Terminal()
    with Progress("Repair", "accounts", stream) as progress:
        progress(0, 10)
        progress(10, 10)
    assert "10/10" in stream.getvalue()
    assert "accounts/s" in stream.getvalue()

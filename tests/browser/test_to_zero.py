"""From `manage.py demo` to zero, in the browser: finance starts a bulk repair for each headline, admin approves it.

Some hundred accounts; `make chaos` takes the five thousand that a person gets, and kills the workers on the way.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from recon.sandbox import processes
from recon.sandbox.cluster import Sandbox
from recon.sandbox.logins import password_of
from recon.sandbox.population.cast import headline_counts
from recon.sandbox.ports import keep_or_find
from tests.support.commands import ROOT, own_environment, run

PATIENCE_SECONDS: Final = 600
LOOK_SECONDS: Final = 0.5
PROOF: Final = "import dataclasses, recon.sandbox.showcase as s; print(dataclasses.astuple(s.prove_all().headlines))"
OUTCOMES: Final = "select outcome, count(*) from bulk_repair_item group by outcome"
TWICE: Final = (
    "select account_id from bulk_repair_item where outcome = 'applied' group by account_id having count(*) > 1"
)
PREPARED: Final = "select gid from pg_prepared_xacts"


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and how often the workers of each of its bulk repairs are killed."""

    box: Sandbox
    address: str
    accounts: int
    kills: int

    def rows(self, query: str) -> list[Any]:
        """Of our own database."""
        with psycopg.connect(self.box.env()["DATABASE_URL"]) as conn:
            return conn.execute(query.encode()).fetchall()

    def kill_workers(self) -> None:
        """Whoever takes tasks now; others come in their place."""
        worker = processes.find(self.box.var_dir / "worker.pid")
        for child in worker.children() if worker else ():
            child.kill()


@pytest.fixture(params=[(600, 0), pytest.param((5_000, 2), marks=pytest.mark.long)], ids=str)
def demo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Demo]:
    accounts, kills = request.param
    box, port = Sandbox(tmp_path / "var"), keep_or_find(None)
    argv = [sys.executable, "manage.py", "demo", "--port", str(port), "--accounts", str(accounts)]
    with (tmp_path / "demo.log").open("w+") as log:
        child = subprocess.Popen(argv, cwd=ROOT, env=own_environment(box), stdout=log, stderr=subprocess.STDOUT)
        try:
            wait(lambda: child.poll() is not None or "Ctrl-C stops" in Path(log.name).read_text())
            assert child.poll() is None, Path(log.name).read_text()
            yield Demo(box, f"http://127.0.0.1:{port}", accounts, kills)
        finally:
            child.terminate()
            child.wait()
            box.destroy()


def wait(until: Callable[[], object]) -> None:
    """Real processes take the time that they take."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(LOOK_SECONDS)


def sign_in(chromium: Browser, demo: Demo, role: str) -> Page:
    page = chromium.new_context(base_url=demo.address).new_page()
    page.goto("/login/")
    page.get_by_label("Name").fill(role)
    page.get_by_label("Password").fill(password_of(role))
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{demo.address}/")
    return page


def headlines(page: Page) -> tuple[int, ...]:
    """As home shows them."""
    page.goto("/")
    numbers = page.locator(".headline-number").all_inner_texts()
    return tuple(int("".join(filter(str.isdigit, number))) for number in numbers)


def start(finance: Page, number: int) -> str:
    """Finance repairs all accounts of a headline; the page of the run."""
    finance.goto("/")
    finance.locator(".headline-number").nth(number).get_by_role("link").click()
    finance.get_by_role("button", name="that match").first.click()
    finance.get_by_label("Reason, for the audit").fill("late webhooks of the spring migration")
    finance.locator(".bulk-deeds").get_by_role("button").first.click()
    finance.wait_for_load_state()
    return finance.url


def approve(admin: Page, run: str) -> None:
    """Where it takes a second person."""
    admin.goto(run)
    button = admin.get_by_role("button", name="Approve and start")
    if button.count():
        admin.get_by_label("Reason, for the audit").fill("I read ten of them")
        button.click()


def follow(finance: Page, demo: Demo) -> None:
    """To the last outcome, by what the page says by itself."""
    for part in range(1, demo.kills + 1):
        wait(lambda part=part: share_done(finance) > part / (demo.kills + 1))
        demo.kill_workers()
    wait(lambda: finance.get_by_text("Every account has its outcome.").count())


def share_done(page: Page) -> float:
    """Of the accounts, as the page says it."""
    said = re.search(r"\((\d+) %\)", page.locator(".bulk-pace").inner_text())
    return int(said[1]) / 100 if said else 0.0


def test_the_headlines_go_to_zero_and_the_stores_agree(chromium: Browser, demo: Demo) -> None:
    finance, admin = sign_in(chromium, demo, "finance"), sign_in(chromium, demo, "admin")
    assert headlines(finance) == headline_counts(demo.accounts)
    for number in range(3):
        if headlines(finance)[number]:
            approve(admin, start(finance, number))
            follow(finance, demo)
            wait(lambda number=number: headlines(finance)[number] == 0)
    assert headlines(finance) == (0, 0, 0)
    assert [outcome for outcome, _ in demo.rows(OUTCOMES)] == ["applied"]
    assert demo.rows(TWICE) == demo.rows(PREPARED) == []
    assert run(demo.box, "verify_audit").returncode == 0
    proof = run(demo.box, "shell", "-v", "0", "-c", PROOF)
    assert proof.stdout.strip() == "(0, 0, 0)", proof.stderr

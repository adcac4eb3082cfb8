"""Every page that people see, in the states that it can be in: what all pages have to keep to is tested on this tour.

A page that is added to inspector/urls.py gets its stop here, or is named among those that are no page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from unittest.mock import patch
from urllib.parse import urlencode, urljoin

from django.urls import reverse
from playwright.sync_api import Page, Response

from tests.browser.conftest import SignIn
from tests.browser.population import populate

# Files, answers for programs, and the way to somebody else's page.
NO_PAGES: Final = {"accounts_csv", "audit_csv", "bulk_csv", "cases_csv", "healthz", "readyz", "openid_begin"}


@dataclass(frozen=True, slots=True)
class Stop:
    """`args` may name a repair of `populate`; `steps` are what a person does there to see the page that is meant."""

    route: str
    args: tuple[str, ...] = ()
    query: str = ""
    role: str | None = "finance"
    status: int = 200
    steps: Callable[[Page], None] | None = None

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.route, *self.args, self.query[:40], self.role, self.steps_name)))

    @property
    def steps_name(self) -> str:
        return self.steps.__name__ if self.steps else ""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def approve_without_a_reason(page: Page) -> None:
    page.locator(".foot textarea").evaluate("field => field.required = false")
    press(page, "Approve and apply")


def approve_what_is_no_longer_true(page: Page) -> None:
    page.locator(".foot [name=digest]").evaluate("field => field.value = '0'.repeat(64)")
    page.locator(".foot textarea").fill("paid by wire")
    press(page, "Approve and apply")


def add_an_empty_note(page: Page) -> None:
    page.locator("#note-text").evaluate("field => field.required = false")
    press(page, "Add note")


def replay_nothing(page: Page) -> None:
    page.get_by_label("Reason, which stands in the audit").fill("the row is mended")
    press(page, "Replay")


def decide_without_a_reason(page: Page) -> None:
    page.locator(".case-decide summary").first.click()
    page.get_by_label("stays").first.check()
    page.locator(".case-form [name=reason]").first.evaluate("field => field.required = false")
    page.locator(".case-form").first.get_by_role("button", name="Decide").click()
    page.wait_for_load_state()


def prove_it(page: Page) -> None:
    press(page, "Prove it")


def undo_what_has_moved(page: Page) -> None:
    page.locator(".undo-form [name=digest]").evaluate("field => field.value = '0'.repeat(64)")
    page.get_by_label("Reason, for the audit").fill("the wire was another's")
    press(page, "Undo this repair")


def draft_a_bulk_repair(page: Page) -> None:
    press(page, "that match")


def start_a_bulk_repair(page: Page) -> None:
    draft_a_bulk_repair(page)
    page.get_by_label("Reason, for the audit").fill("late webhooks")
    press(page, "Ask for a second person")


def tick_nothing_for_a_bulk_repair(page: Page) -> None:
    press(page, "Repair what is ticked")


def start_proposals_without_their_number(page: Page) -> None:
    press(page, "Draft a run")
    page.get_by_label("Reason, for the audit").fill("the ledger voided them")
    press(page, "Ask for a second person")


def pause_without_a_reason(page: Page) -> None:
    page.get_by_label("Reason, which everybody").evaluate("field => field.required = false")
    press(page, "Pause all applies")


def make_a_token(page: Page) -> None:
    page.get_by_label("Name, as the audit").fill("support-desk")
    page.get_by_label("What it is for").fill("the side panel of the support desk")
    press(page, "Make the token")


def make_a_token_twice(page: Page) -> None:
    make_a_token(page)
    make_a_token(page)


def send_absurd_numbers(page: Page) -> None:
    page.get_by_label("In grace from").first.fill("90")
    page.get_by_label("Plans by price").fill("price_pro")
    press(page, "Try it out on every account")


def open_every_call(page: Page) -> None:
    page.locator(".call").evaluate_all("calls => calls.slice(0, 8).forEach(call => { call.open = true; })")


def send_an_old_form(page: Page) -> None:
    page.context.clear_cookies(name="csrftoken")
    press(page, "Check now")


def see_it_break(page: Page) -> None:
    with patch("inspector.pages.status.status_page", side_effect=RuntimeError("broken on purpose")):
        page.reload()


def change_to_a_short_password(page: Page) -> None:
    for label, words in (("Old password", "finance-demo"), ("New password", "short")):
        page.get_by_label(label).first.fill(words)
    page.locator("input[name=new_password2]").fill("short")
    press(page, "Change it")


def log_in_wrongly(page: Page) -> None:
    page.get_by_label("Name").fill("somebody")
    page.get_by_label("Password").fill("wrong")
    press(page, "Log in")


def guess_until_the_door_is_shut(page: Page) -> None:
    for _ in range(20):
        if page.get_by_role("heading", name="Wait a while").is_visible():
            return
        log_in_wrongly(page)


def many_fields() -> str:
    """More than a form of ours ever has: not understood."""
    return "?" + urlencode([("a", number) for number in range(1001)])


STOPS: Final = (
    Stop("home"),
    Stop("home", query="?window=30d"),
    Stop("accounts"),
    Stop("accounts", query="?detail=nonsense"),
    Stop("account", ("acc_1",)),
    Stop("account", ("acc_1",), query="?only=differences"),
    Stop("account", ("acc_1",), query="?cell=cf_prod.entitlements.plan_active#cell"),
    Stop("account", ("acc_1",), role="viewer"),
    Stop("account", ("acc_clear",)),
    Stop("account", ("acc_contradicting",)),
    Stop("account", ("acc_unknown",)),
    Stop("account", ("acc_merged",)),
    Stop("account", ("acc_proposal",)),
    Stop("account", ("acc_severe",), role="support"),
    Stop("account", ("acc_many",)),
    Stop("account", ("acc_decided",)),
    Stop("account", ("acc_doubt",)),
    Stop("account", ("acc_done",)),
    Stop("approve", ("acc_1",), status=422, steps=approve_without_a_reason),
    Stop("approve", ("acc_1",), status=409, steps=approve_what_is_no_longer_true),
    Stop("add_note", ("acc_1",), status=422, steps=add_an_empty_note),
    Stop("decide_case", ("acc_twice",), status=422, steps=decide_without_a_reason),
    Stop("cases"),
    Stop("cases", query="?part=waiting"),
    Stop("repair", ("queued",)),
    Stop("repair", ("doubt",)),
    Stop("repair", ("done",)),
    Stop("repair", ("stale",)),
    Stop("repair", ("broken",)),
    Stop("repair", ("expired",)),
    Stop("repair", ("undone",)),
    Stop("account", ("acc_undone",)),
    Stop("undo", ("undoable",), status=409, steps=undo_what_has_moved),
    Stop("search"),
    Stop("search", query="?q=acc_1,acc_clear,nobody@example.com"),
    Stop("search", query="?q=acc_none," + "x" * 5_000),
    Stop("bulk_repair", steps=draft_a_bulk_repair),
    Stop("bulk_repair", steps=start_a_bulk_repair),
    Stop("begin_bulk", status=422, steps=tick_nothing_for_a_bulk_repair),
    Stop("begin_proposals", status=422, steps=start_proposals_without_their_number),
    Stop("bulk_repairs"),
    Stop("audit"),
    Stop("audit", query="?since=yesterday-ish"),
    Stop("audit", role="viewer"),
    Stop("audit_entry", ("1",)),
    Stop("look_ups"),
    Stop("failed"),
    Stop("failed", query="?of=events"),
    Stop("failed", query="?of=findings", role="viewer"),
    Stop("replay_failed", status=422, steps=replay_nothing),
    Stop("event", ("dead",)),
    Stop("relapses"),
    Stop("rollout"),
    Stop("convergence", ("acc_1",), steps=prove_it),
    Stop("policy"),
    Stop("policy", role="admin"),
    Stop("tokens", role="admin"),
    Stop("make_token", role="admin", steps=make_a_token),
    Stop("make_token", status=422, role="admin", steps=make_a_token_twice),
    Stop("policy_version", ("1",)),
    Stop("policy_version", ("2",), role="admin"),
    Stop("change_policy", role="admin"),
    Stop("change_policy", status=422, role="admin", steps=send_absurd_numbers),
    Stop("keys"),
    Stop("api_docs"),
    Stop("api_docs", steps=open_every_call),
    Stop("status"),
    Stop("status", role="viewer"),
    Stop("status", role="admin"),
    Stop("pause", status=400, role="admin", steps=pause_without_a_reason),
    Stop("password"),
    Stop("password", steps=change_to_a_short_password),
    Stop("password_done"),
    Stop("account", ("acc_nobody",), status=404),
    Stop("search", query=many_fields(), status=400),
    Stop("status", status=403, steps=send_an_old_form),
    Stop("home", role="stranger", status=403),
    Stop("recompute", ("acc_1",), status=405),
    Stop("status", status=500, steps=see_it_break),
    Stop("login", role=None),
    Stop("login", query="?ended=idle", role=None),
    Stop("login", role=None, steps=log_in_wrongly),
    Stop("openid_return", role=None, status=404),
    Stop("login", role=None, status=429, steps=guess_until_the_door_is_shut),
)
# A form's answer is seen where the form is sent; the form stands on another page.
STANDS_ON: Final = {
    "approve": "account",
    "add_note": "account",
    "decide_case": "account",
    "pause": "status",
    "replay_failed": "failed",
    "bulk_repair": "accounts",
    "begin_bulk": "accounts",
    "undo": "repair",
    "begin_proposals": "bulk_repairs",
    "make_token": "tokens",
}


def tour(sign_in: SignIn) -> Iterator[tuple[Stop, Page]]:
    """Each stop with its page open, a tab for each person; those who have not logged in come last.

    Every answer, also one that says no, forbids inline script, inline style and text made into code.
    """
    ids = populate()
    tabs: dict[str | None, Page] = {}
    for stop in STOPS:
        if stop.role not in tabs:
            tabs[stop.role] = sign_in(stop.role) if stop.role else _nobodys(tabs["finance"])
        page = tabs[stop.role]
        answer = _go(page, stop, ids)
        assert answer.status == stop.status, stop.name
        assert "unsafe" not in answer.headers["content-security-policy"], stop.name
        yield stop, page


def _nobodys(page: Page) -> Page:
    page.context.clear_cookies()
    return page


def _go(page: Page, stop: Stop, ids: dict[str, str]) -> Response:
    """Opens the page and does what is to be done there; the last page that came."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        if answer.request.is_navigation_request():
            answers.append(answer)

    page.on("response", note)
    route = STANDS_ON.get(stop.route, stop.route)
    page.goto(urljoin(page.url, reverse(route, args=[ids.get(arg, arg) for arg in stop.args]) + stop.query))
    if stop.steps:
        stop.steps(page)
    page.remove_listener("response", note)
    return answers[-1]

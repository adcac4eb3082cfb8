"""No page breaks WCAG 2.2 AA, as far as a machine can tell: axe-core on every page, wide and narrow, light and dark."""

from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

from inspector.access import SIGNED
from tests.browser.conftest import SignIn
from tests.browser.tour import NO_PAGES, STOPS, tour
from tests.inspector.test_access import ROWS

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Each page in all looks, of which the second scheme changes colours alone; its other states in the hardest one.
EVERY_LOOK: Final = [(1440, "light"), (1440, "dark"), (360, "light"), (360, "dark")]
OTHER_STATES: Final = [(360, "dark")]
COLOURS: Final = ["color-contrast", "link-in-text-block"]
RUN: Final = """async (rules) => {
  const found = await axe.run({runOnly: rules, resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`));
}"""


def violations(page: Page, *, width: int, scheme: str, colours_only: bool) -> list[str]:
    """By the debugger's door, which the page's own policy does not guard."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(RUN, {"type": "rule", "values": COLOURS} if colours_only else TAGS)


def test_no_page_breaks_wcag(sign_in: SignIn, meant: set[int]) -> None:
    meant |= {stop.status for stop in STOPS}
    found: dict[str, Any] = {}
    known: set[str] = set()
    for stop, page in tour(sign_in):
        for width, scheme in OTHER_STATES if stop.route in known else EVERY_LOOK:
            colours_only = scheme == "dark" and stop.route not in known
            if broken := violations(page, width=width, scheme=scheme, colours_only=colours_only):
                found[f"{stop.name}, {scheme}, {width}"] = broken
        known.add(stop.route)
    assert found == {}


def test_every_page_is_on_the_tour() -> None:
    pages = {name for name, row in ROWS.items() if "get" in row.answers and row.need != SIGNED}
    assert pages - NO_PAGES - {stop.route for stop in STOPS} == set()

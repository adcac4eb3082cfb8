"""What of a page breaks WCAG 2.2 AA, as far as a machine can tell: axe-core."""

from importlib.resources import files
from typing import Final

from playwright.sync_api import Page

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN: Final = """async (tags) => {
  const found = await axe.run({runOnly: tags, resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`));
}"""


def violations(page: Page, scheme: str) -> list[str]:
    """By the debugger's door, which the page's own policy does not guard."""
    page.emulate_media(color_scheme=scheme)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(RUN, TAGS)

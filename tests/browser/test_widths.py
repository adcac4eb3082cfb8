"""Every page fits its window: nothing is wider, no text is cut off, on a wide screen, a narrow one, and at 200 %."""

from typing import Any, Final

from tests.browser.conftest import SignIn
from tests.browser.tour import STOPS, tour

# 200 % of a window of 1280 is as many of the page's pixels as a window of 640.
WIDTHS: Final = (1440, 720, 640, 360)
# A text sticks out of a frame or of what clips it. What scrolls may hold more; what is hidden is for the ear alone.
CUT_OFF: Final = """() => {
  const FRAMES = ".panel, .headline, .verdict, .foot, .login, .notice, .page-main";
  const known = new Map();
  const box = (element) => element.getBoundingClientRect();
  const learn = (element) => {
    const above = element.parentElement ? limits(element.parentElement) : [];
    const {overflowX, clipPath} = getComputedStyle(element);
    if (above === null || clipPath !== "none") return null;
    if (["auto", "scroll"].includes(overflowX)) return [];
    return element.matches(FRAMES) || ["hidden", "clip"].includes(overflowX) ? [...above, box(element)] : above;
  };
  const limits = (element) => {
    if (!known.has(element)) known.set(element, learn(element));
    return known.get(element);
  };
  const found = document.documentElement.scrollWidth > innerWidth ? ["the page is wider than its window"] : [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (text) => text.data.trim() ? 1 : 2);
  const range = document.createRange();
  while (texts.nextNode()) {
    range.selectNodeContents(texts.currentNode);
    const {left, right, width} = range.getBoundingClientRect();
    const around = width ? limits(texts.currentNode.parentElement) : null;
    if (around?.some((limit) => right > limit.right + 1 || left < limit.left - 1)) found.push(texts.currentNode.data);
  }
  return found;
}"""


def test_every_page_fits_its_window(sign_in: SignIn, meant: set[int]) -> None:
    meant |= {stop.status for stop in STOPS}
    found: dict[str, Any] = {}
    for stop, page in tour(sign_in):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if texts := page.evaluate(CUT_OFF):
                found[f"{stop.name}, {width}"] = texts
    assert found == {}

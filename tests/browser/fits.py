"""Whether a page fits its window: nothing is wider, no text is cut off, and no label stands over nothing."""

from typing import Final

from playwright.sync_api import Page

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
  const isLabelled = (cell) => cell.checkVisibility() && getComputedStyle(cell, "::before").content !== "none";
  const bare = [...document.querySelectorAll("td[data-label]:empty")].filter(isLabelled);
  return [...found, ...bare.map((cell) => `${cell.dataset.label}: nothing`)];
}"""


def cut_off(page: Page) -> list[str]:
    """The texts that stick out at the page's width, and the labels of what is not there."""
    return page.evaluate(CUT_OFF)

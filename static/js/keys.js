// Single keys for what is a link, a button, a field or a row already. An element names its key: data-key presses it, or
// enters it if it is a field; data-key-to only leads to it. Rows that j and k walk have data-row, with a name where their
// first cell also says what changes, and within them may be data-tick for x and data-open for Enter. Nothing is kept of
// an element, so that a swap of its part of the page is fine.
const TYPES_TEXT = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const STEPS = { j: 1, k: -1 };
let place = "";

// Escape leaves a field, so that the other keys work. The search box's own key is no text while the box is empty.
function inField(event) {
  const field = event.target;
  if (event.key === "Escape") field.blur();
  else if (field.type === "search" && !field.value && event.key === field.dataset.key) event.preventDefault();
}

const isShown = (element) => element.checkVisibility() && !element.disabled;
const shown = (selector) => [...document.querySelectorAll(selector)].filter(isShown);
const nameOf = (row) => row.dataset.row || row.querySelector("th, td").textContent.trim();

// Of a field and a button with one key, the field first, as long as it is empty.
function useKey(key) {
  const elements = shown(`[data-key="${CSS.escape(key)}"], [data-key-to="${CSS.escape(key)}"]`);
  const wanted = elements.find((element) => !element.matches(TYPES_TEXT) || !element.value) ?? elements[0];
  if (!wanted) return false;
  if (wanted.matches(TYPES_TEXT) || wanted.dataset.keyTo) wanted.focus();
  else wanted.click();
  return true;
}

// The row that has the focus, or that the focus was in before its table was swapped.
function standsOn(rows) {
  const focused = document.activeElement.closest("[data-row]");
  return rows.indexOf(focused ?? rows.find((row) => nameOf(row) === place));
}

function walk(step) {
  const rows = shown("[data-row]");
  if (!rows.length) return false;
  const row = rows[Math.min(Math.max(standsOn(rows) + step, 0), rows.length - 1)];
  place = nameOf(row);
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function inRow(key) {
  const row = document.activeElement.closest("[data-row]");
  const wanted = {
    x: row?.querySelector("[data-tick]"),
    Enter: row === document.activeElement ? row?.querySelector("[data-open]") ?? row?.querySelector("a[href]") : null,
  }[key];
  wanted?.click();
  return Boolean(wanted);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.matches(TYPES_TEXT)) return inField(event);
  const step = STEPS[event.key];
  if (event.repeat && !step) return;
  if (step ? walk(step) : inRow(event.key) || useKey(event.key)) event.preventDefault();
});

// The list of keys, where one is: what the link in the page's foot leads to.
document.addEventListener("htmx:afterSwap", (event) => event.target.closest("dialog")?.showModal());

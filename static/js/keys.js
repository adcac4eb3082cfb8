// Single keys for what is a link, a button or a field already: an element names its key in data-key.
const TYPES_TEXT = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches(TYPES_TEXT)) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches(TYPES_TEXT)) wanted.focus();
  else wanted.click();
});

// Single keys for what is a link, a button or a field already: an element names its key in data-key.
const TYPES_TEXT = "input, textarea, select, [contenteditable]";

// In an empty field its own key is no text, and Escape leaves it, so that the other keys work.
function inField(event) {
  const field = event.target;
  if (field.value) return;
  if (event.key === "Escape") field.blur();
  else if (event.key === field.dataset.key) event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches(TYPES_TEXT)) return inField(event);
  const wanted = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches(TYPES_TEXT)) wanted.focus();
  else wanted.click();
});

// A button that copies a text of the page; without script it stays hidden, and the text can be selected all the same.
const show = () => {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
};

const copied = async (field) => {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const told = button.parentElement.querySelector("[role=status]");
  told.textContent = "";
  const done = await copied(document.getElementById(button.dataset.copy));
  told.classList.toggle("is-failed", !done);
  told.textContent = done ? "Copied." : "The browser did not allow it: the text is selected, copy it by keyboard.";
});
document.addEventListener("htmx:load", show);
show();

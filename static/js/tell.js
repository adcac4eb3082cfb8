// Whoever cannot see what was fetched anew hears it: the words marked data-told in the first part that came.
const region = document.querySelector("[data-tell]");
let words = "";

document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (!region || elt === document.body || words) return;
  words = [...elt.querySelectorAll("[data-told]")].map((told) => told.textContent.trim()).join(", ");
  setTimeout(() => { region.textContent = words || region.textContent; words = ""; });
});

"use strict";
const filter = document.getElementById("filter");
const found = document.getElementById("found");
function narrow() {
  const wanted = filter.value.toLowerCase().split(" ").filter((word) => word !== "");
  let shown = 0;
  for (const one of document.querySelectorAll("[data-find]")) {
    const text = one.dataset.find.toLowerCase();
    one.hidden = !wanted.every((word) => text.includes(word));
    shown += one.hidden ? 0 : 1;
  }
  found.textContent = wanted.length === 0 ? "" : shown === 1 ? "1 entry" : shown + " entries";
}
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  for (let one = target; one !== null; one = one.parentElement) {
    if (one.tagName === "DETAILS") one.open = true;
    one.hidden = false;
  }
  target.scrollIntoView();
}
if (filter !== null) {
  filter.addEventListener("input", narrow);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== filter && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filter.focus();
    } else if (event.key === "Escape" && document.activeElement === filter) {
      filter.value = "";
      narrow();
    }
  });
  // What the browser kept of an earlier visit.
  narrow();
}
let closed = [];
addEventListener("beforeprint", () => {
  closed = Array.from(document.querySelectorAll("details:not([open], .settings)"));
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of closed) one.open = false;
});
addEventListener("hashchange", reveal);
reveal();

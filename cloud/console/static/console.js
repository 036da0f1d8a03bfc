// Keys for the review console: j/k move, a approve (twice), e edit, r reject, Escape closes. Forms work without this file.
"use strict";
(() => {
  const CONFIRM_MS = 2500;
  const cases = () => [...document.querySelectorAll("#queue .case")];
  const openCase = () => document.querySelector("#detail .sheet")?.dataset.case;
  let confirming = 0;

  const mark = () => {
    const open = openCase();
    cases().forEach((item) => item.toggleAttribute("data-open", item.dataset.case === open));
    document.body.classList.toggle("has-case", Boolean(open));
  };

  const move = (by) => {
    const all = cases();
    if (!all.length) return;
    const at = all.findIndex((item) => item.dataset.case === openCase());
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
    next.scrollIntoView({ block: "nearest" });
    next.click();
  };

  const drawer = (name) => {
    document.querySelectorAll(".drawer").forEach((form) => form.classList.toggle("shown", form.id === name));
    const form = name && document.getElementById(name);
    const field = form && form.querySelector("textarea, input:not([type=hidden])");
    if (field) { form.scrollIntoView({ block: "nearest" }); field.focus(); }
  };

  const approve = () => {
    const form = document.getElementById("approve");
    if (!form) return;
    const button = form.querySelector("button");
    if (Date.now() - confirming < CONFIRM_MS) { form.requestSubmit(); return; }
    confirming = Date.now();
    button.classList.add("confirm");
    setTimeout(() => button.classList.remove("confirm"), CONFIRM_MS);
  };

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) drawer(opener.dataset.opens);
  });

  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("input, textarea, select");
    if (event.key === "Escape") { drawer(""); event.target.blur(); return; }
    if (writing) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { j: () => move(1), k: () => move(-1), a: approve, e: () => drawer("edit"), r: () => drawer("reject") }[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  document.addEventListener("htmx:afterSettle", mark);
  document.addEventListener("submit", (event) => {
    event.target.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  });
  document.addEventListener("DOMContentLoaded", mark);
})();

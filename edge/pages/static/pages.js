// Keeps the status page fresh: fetches the part that changes, every three seconds while somebody looks.
"use strict";
(() => {
  const board = document.getElementById("board");
  if (!board) return;
  const open = () => [...board.querySelectorAll("details[open]")].map((one) => one.id);
  const busy = () => board.contains(document.activeElement) && document.activeElement !== document.body;
  let failed = 0;
  const refresh = async () => {
    if (document.hidden || busy()) return;
    try {
      const got = await fetch(board.dataset.from, { credentials: "same-origin", cache: "no-store" });
      if (got.status === 403) { location.assign("/"); return; }
      if (!got.ok) throw new Error(String(got.status));
      const kept = open();
      board.innerHTML = await got.text();
      for (const id of kept) { const one = document.getElementById(id); if (one) one.open = true; }
      failed = 0;
      board.classList.remove("stale");
    } catch {
      failed += 1;
      if (failed > 1) board.classList.add("stale");
    }
  };
  setInterval(refresh, 3000);
  document.addEventListener("visibilitychange", refresh);
})();

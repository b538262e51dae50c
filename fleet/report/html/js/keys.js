// The keyboard: everything that a mouse does, and where the keys are told.

const KEYBOARD = [
  ["/", "search"],
  ["j or ↓, k or ↑", "next and previous row"],
  ["Home, End", "first and last row"],
  ["Enter", "open or close a row"],
  ["Esc", "close what is open; in the search, clear it"],
  ["1, 2, 3 …", "views"],
  ["f", "fold equal hosts, or list each"],
  ["x", "clear all filters"],
  ["t", "light, dark, or as the system has it"],
  ["?", "this help"],
];

function helpDialog() {
  const pairs = KEYBOARD.map(([keys, text]) =>
    element("div", {}, element("dt", {}, element("kbd", {}, keys)), element("dd", {}, text)),
  );
  const close = element("button", { type: "button", click: () => dialog.close() }, "Close");
  const dialog = element(
    "dialog",
    { "aria-labelledby": "help-title", id: "help" },
    element("h2", { id: "help-title" }, "Keyboard"),
    element("dl", {}, pairs),
    element("p", { class: "note" }, "The address of this page holds view and filters: pass it on to show the same."),
    close,
  );
  return dialog;
}

const heads = () => [...document.querySelectorAll("#view .head")];

function focusRow(place) {
  const all = heads();
  const head = all[Math.max(0, Math.min(place, all.length - 1))];
  if (!head) return;
  head.focus();
  head.scrollIntoView({ block: "nearest" });
}

/** Move to the row `step` away from the one in focus; the first where none is. More rows are made at the end. */
function walk(step) {
  const all = heads();
  const there = all.findIndex((head) => head.closest("li, tr").contains(document.activeElement));
  if (there + step >= all.length) rows.extend();
  focusRow(there < 0 ? 0 : there + step);
}

function last() {
  while (rows.extend());
  focusRow(Infinity);
}

function closeRow() {
  const row = document.activeElement.closest("#view .row");
  const open = row
    ? row.querySelector(".head[aria-expanded=true]")
    : document.querySelector("#view .head[aria-expanded=true]");
  if (open) {
    open.click();
    open.focus();
  } else if (state.host) ask({ host: "" });
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("help").open) return;
  const { target, key } = event;
  if (target.id === "search" && key === "Escape") {
    if (state.q) ask({ q: "" }, true);
    else target.blur();
    return;
  }
  if (target.id === "search" && key === "ArrowDown") walk(1);
  else if (
    target.matches("input, select, textarea") ||
    (target.getAttribute("role") === "tab" && key.startsWith("Arrow"))
  )
    return;
  else if (!shortcut(key)) return;
  event.preventDefault();
}

function shortcut(key) {
  const view = views()[Number(key) - 1];
  if (view) return (ask({ view: view.key }), true);
  const found = {
    "/": () => document.getElementById("search").select(),
    "?": () => document.getElementById("help").showModal(),
    j: () => walk(1),
    ArrowDown: () => walk(1),
    k: () => walk(-1),
    ArrowUp: () => walk(-1),
    Home: () => focusRow(0),
    End: last,
    Escape: closeRow,
    f: () => ask({ fold: state.fold === "1" ? "0" : "1" }),
    x: clear,
    t: () => theme(nextTheme()),
  }[key];
  if (found) found();
  return Boolean(found);
}

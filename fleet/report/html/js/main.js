// Drawing a view again when the state changes, and the start.

function draw() {
  const among = fitting();
  const view = views().find((one) => one.key === state.view);
  const panel = document.getElementById("view");
  const inside = panel.contains(document.activeElement);
  panel.replaceChildren(...view.make(among).filter(Boolean));
  panel.setAttribute("aria-labelledby", `tab-${view.key}`);
  controls(view, among);
  if (inside) (heads()[0] || panel).focus();
}

function controls(view, among) {
  for (const one of views()) {
    const tab = document.getElementById(`tab-${one.key}`);
    tab.setAttribute("aria-selected", String(one.key === view.key));
    tab.tabIndex = one.key === view.key ? 0 : -1;
  }
  const search = document.getElementById("search");
  if (search.value !== state.q) search.value = state.q;
  for (const key of ["severity", "code", "concern", "pending", "group"]) {
    const chosen = document.getElementById(key);
    if (chosen) chosen.value = state[key];
  }
  document.getElementById("fold").checked = state.fold === "1";
  const set = new Set(state.status.split(","));
  for (const button of document.querySelectorAll("#counts button"))
    button.setAttribute("aria-pressed", String(set.has(button.dataset.status)));
  const part =
    among.length === hosts.length
      ? counted(hosts.length, "host")
      : `${number(among.length)} of ${counted(hosts.length, "host")}`;
  document.getElementById("shown").textContent =
    view.key === "hosts" && among.length ? `${part}, in ${counted(folds(among).length, "row")}` : part;
  document.getElementById("chips").replaceChildren(...chips());
}

function chips() {
  const made = filters().map(([key, words]) =>
    element(
      "li",
      {},
      element(
        "button",
        { type: "button", "aria-label": `Remove the filter ${words}`, click: () => ask({ [key]: "" }) },
        words,
        element("span", { "aria-hidden": "true" }, " ×"),
      ),
    ),
  );
  return made.length > 1
    ? [...made, element("li", {}, element("button", { type: "button", click: clear }, "Clear all"))]
    : made;
}

/** "3 hours ago": a report that lay about is seen to be old. */
function age() {
  const seconds = (Date.now() - Date.parse(written.time)) / 1000;
  if (!(seconds >= 60)) return "";
  const [unit, size] = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ].find(([, length]) => seconds >= length);
  return `, ${counted(Math.floor(seconds / size), unit)} ago`;
}

state = fromAddress();
frame();
draw();
document.getElementById("age").textContent = age();
document.addEventListener("keydown", pressed);
window.addEventListener("popstate", () => {
  state = fromAddress();
  draw();
});
// Where it does not come this far, the first script shows what readers without JavaScript see.
document.documentElement.dataset.ready = "yes";

// The frame around the views, and drawing it again when the state changes.

const views = () => [
  { key: "hosts", title: "Hosts", make: hostsView },
  { key: "findings", title: "Findings", make: findingsView },
  { key: "versions", title: "Versions", make: versionsView },
  ...(since ? [{ key: "since", title: "Since", make: sinceView }] : []),
];

const THEMES = ["auto", "light", "dark"];

function nextTheme() {
  return THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "auto") + 1) % THEMES.length];
}

/** Kept for the next page where the browser lets a page keep anything. */
function theme(name) {
  document.documentElement.dataset.theme = name;
  document.getElementById("theme").textContent = `Theme: ${name}`;
  try {
    localStorage.setItem("gpufleet-theme", name);
  } catch { /* A browser may forbid it; the choice then lasts as long as the page. */ }
}

function keptTheme() {
  try {
    const kept = localStorage.getItem("gpufleet-theme");
    return THEMES.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}

const clear = () => ask({ ...NOTHING, ...Object.fromEntries(columns.map(([key]) => [key, ""])), view: state.view, fold: state.fold });

function frame() {
  document.getElementById("tools").append(
    element("button", { type: "button", id: "theme", click: () => theme(nextTheme()) }),
    element("button", { type: "button", id: "keys", click: () => document.getElementById("help").showModal() }, "Keyboard ", element("kbd", {}, "?")),
  );
  theme(keptTheme());
  document.getElementById("counts").replaceChildren(...statusButtons());
  document.getElementById("app").append(bar(), element("p", { class: "shown", id: "shown", role: "status" }), element("ul", { class: "chips", id: "chips", "aria-label": "Filters that are set" }),
    element("div", { id: "view", role: "tabpanel", tabindex: "-1" }));
  document.body.append(helpDialog());
  // Without this the link would take the place of the filters in the address.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    (heads()[0] || document.getElementById("view")).focus();
  });
}

function statusButtons() {
  const found = new Map(tally(hosts, (host) => [host.detail.status]));
  return Object.keys(statuses).filter((name) => found.has(name)).map((name) =>
    element("li", {}, element("button", { type: "button", "data-status": name, click: () => toggle(name) }, icon(name), element("b", {}, number(found.get(name))), ` ${statuses[name].toLowerCase()}`)));
}

function toggle(name) {
  const set = new Set(state.status.split(",").filter(Boolean));
  if (!set.delete(name)) set.add(name);
  ask({ status: [...set].join(",") });
}

function bar() {
  return element(
    "div",
    { class: "controls", role: "search" },
    element("div", { class: "tabs", role: "tablist", "aria-label": "Views", keydown: turn },
      views().map((view, place) => element("button", { type: "button", role: "tab", id: `tab-${view.key}`, "aria-controls": "view", click: () => ask({ view: view.key }) }, view.title, " ", element("kbd", { "aria-hidden": "true" }, String(place + 1))))),
    element("input", { type: "search", id: "search", placeholder: "Search host, code, package, version  ( / )", "aria-label": "Search host, code, package, version", autocomplete: "off", spellcheck: "false", input: (event) => ask({ q: event.target.value }, true) }),
    element("div", { class: "choosers", hidden: hosts.length < 2 },
    chooser("severity", "Severity", tally(hosts, (host) => said(host.detail).map(severity)), (one, other) => RANK.indexOf(one[0]) - RANK.indexOf(other[0])),
    chooser("code", "Code", tally(hosts, (host) => said(host.detail).map((one) => one.code))),
    chooser("concern", "Changes in", tally(hosts, (host) => host.detail.changes.map((change) => change.concern))),
    chooser("pending", "Pending", tally(hosts, (host) => (host.detail.pending === "none" ? [] : [host.detail.pending]))),
    chooser("group", "Group", tally(hosts, (host) => host.groups)),
    element("label", { class: "check" }, element("input", { type: "checkbox", id: "fold", change: (event) => ask({ fold: event.target.checked ? "1" : "0" }) }), "Fold equal hosts")),
  );
}

/** A list to choose from, with counts of hosts; none where there is nothing to choose. */
function chooser(key, title, found, order) {
  if (!found.length) return null;
  const options = (order ? found.sort(order) : found).map(([value, count]) => element("option", { value }, `${value} (${number(count)})`));
  return element("label", { class: "chooser" }, element("span", {}, title), element("select", { id: key, change: (event) => ask({ [key]: event.target.value }) }, element("option", { value: "" }, "any"), options));
}

/** Left and right between the tabs (WAI-ARIA Authoring Practices, "Tabs"). */
function turn(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const all = views();
  const next = all[(all.findIndex((view) => view.key === state.view) + step + all.length) % all.length];
  event.preventDefault();
  ask({ view: next.key });
  document.getElementById(`tab-${next.key}`).focus();
}

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
  for (const button of document.querySelectorAll("#counts button")) button.setAttribute("aria-pressed", String(set.has(button.dataset.status)));
  const part = among.length === hosts.length ? counted(hosts.length, "host") : `${number(among.length)} of ${counted(hosts.length, "host")}`;
  document.getElementById("shown").textContent = view.key === "hosts" && among.length ? `${part}, in ${counted(folds(among).length, "row")}` : part;
  document.getElementById("chips").replaceChildren(...chips());
}

function chips() {
  const made = filters().map(([key, words]) => element("li", {}, element("button", { type: "button", "aria-label": `Remove the filter ${words}`, click: () => ask({ [key]: "" }) }, words, element("span", { "aria-hidden": "true" }, " ×"))));
  return made.length > 1 ? [...made, element("li", {}, element("button", { type: "button", click: clear }, "Clear all"))] : made;
}

/** "3 hours ago": a report that lay about is seen to be old. */
function age() {
  const seconds = (Date.now() - Date.parse(written.time)) / 1000;
  if (!(seconds >= 60)) return "";
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, length]) => seconds >= length);
  return `, ${counted(Math.floor(seconds / size), unit)} ago`;
}

try {
  state = fromAddress();
  frame();
  draw();
  document.getElementById("age").textContent = age();
  document.addEventListener("keydown", pressed);
  window.addEventListener("popstate", () => {
    state = fromAddress();
    draw();
  });
} catch (error) {
  // An old browser shows what readers without JavaScript see.
  document.documentElement.classList.remove("js");
  throw error;
}

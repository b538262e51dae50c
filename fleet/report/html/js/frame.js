// The frame around the views: status, tabs, search and filters.

const views = () => [
  { key: "hosts", title: "Hosts", make: hostsView },
  { key: "findings", title: "Findings", make: findingsView },
  { key: "versions", title: "Versions", make: versionsView },
  ...(since ? [{ key: "since", title: "Since", make: sinceView }] : []),
];

const clear = () =>
  ask({ ...NOTHING, ...Object.fromEntries(columns.map(([key]) => [key, ""])), view: state.view, fold: state.fold });

function frame() {
  document
    .getElementById("tools")
    .append(
      element("button", { type: "button", id: "theme", click: () => theme(nextTheme()) }),
      element(
        "button",
        { type: "button", id: "keys", click: () => document.getElementById("help").showModal() },
        "Keyboard ",
        element("kbd", {}, "?"),
      ),
    );
  theme(keptTheme());
  document.getElementById("counts").replaceChildren(...statusButtons());
  document
    .getElementById("app")
    .append(
      bar(),
      element("p", { class: "shown", id: "shown", role: "status" }),
      element("ul", { class: "chips", id: "chips", "aria-label": "Filters that are set" }),
      element("div", { id: "view", role: "tabpanel", tabindex: "-1" }),
    );
  document.body.append(helpDialog());
  // Without this the link would take the place of the filters in the address.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    (heads()[0] || document.getElementById("view")).focus();
  });
}

function statusButtons() {
  const found = new Map(tally(hosts, (host) => [host.detail.status]));
  return Object.keys(statuses)
    .filter((name) => found.has(name))
    .map((name) =>
      element(
        "li",
        {},
        element(
          "button",
          { type: "button", "data-status": name, click: () => toggle(name) },
          icon(name),
          element("b", {}, number(found.get(name))),
          ` ${statuses[name].toLowerCase()}`,
        ),
      ),
    );
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
    element(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "Views", keydown: turn },
      views().map((view, place) =>
        element(
          "button",
          {
            type: "button",
            role: "tab",
            id: `tab-${view.key}`,
            "aria-controls": "view",
            click: () => ask({ view: view.key }),
          },
          view.title,
          " ",
          element("kbd", { "aria-hidden": "true" }, String(place + 1)),
        ),
      ),
    ),
    element("input", {
      type: "search",
      id: "search",
      placeholder: "Search host, code, package, version  ( / )",
      "aria-label": "Search host, code, package, version",
      autocomplete: "off",
      spellcheck: "false",
      input: (event) => ask({ q: event.target.value }, true),
    }),
    element(
      "div",
      { class: "choosers", hidden: hosts.length < 2 },
      chooser(
        "severity",
        "Severity",
        tally(hosts, (host) => said(host.detail).map(severity)),
        (one, other) => RANK.indexOf(one[0]) - RANK.indexOf(other[0]),
      ),
      chooser(
        "code",
        "Code",
        tally(hosts, (host) => said(host.detail).map((one) => one.code)),
      ),
      chooser(
        "concern",
        "Changes in",
        tally(hosts, (host) => host.detail.changes.map((change) => change.concern)),
      ),
      chooser(
        "pending",
        "Pending",
        tally(hosts, (host) => (host.detail.pending === "none" ? [] : [host.detail.pending])),
      ),
      chooser(
        "group",
        "Group",
        tally(hosts, (host) => host.groups),
      ),
      element(
        "label",
        { class: "check" },
        element("input", {
          type: "checkbox",
          id: "fold",
          change: (event) => ask({ fold: event.target.checked ? "1" : "0" }),
        }),
        "Fold equal hosts",
      ),
    ),
  );
}

/** A list to choose from, with counts of hosts; none where there is nothing to choose. */
function chooser(key, title, found, order) {
  if (!found.length) return null;
  const options = (order ? found.sort(order) : found).map(([value, count]) =>
    element("option", { value }, `${value} (${number(count)})`),
  );
  return element(
    "label",
    { class: "chooser" },
    element("span", {}, title),
    element(
      "select",
      { id: key, change: (event) => ask({ [key]: event.target.value }) },
      element("option", { value: "" }, "any"),
      options,
    ),
  );
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

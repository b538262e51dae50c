// The fleet by what ails it: each code, and each change that hosts have in common, with how many hosts.

function findingsView(among) {
  const by = new Map();
  for (const host of among) {
    for (const one of said(host.detail)) {
      const key = `${severity(one)}\n${one.code}`;
      if (!by.has(key))
        by.set(key, { code: one.code, severity: severity(one), hosts: new Set(), message: named(one.message, [host]) });
      by.get(key).hosts.add(host);
    }
  }
  const found = [...by.values()].sort(
    (one, other) =>
      RANK.indexOf(one.severity) - RANK.indexOf(other.severity) ||
      other.hosts.size - one.hosts.size ||
      natural.compare(one.code, other.code),
  );
  return [
    element("h2", {}, "Findings by code"),
    found.length ? codesTable(found, among.length) : element("p", { class: "nothing" }, "No findings on these hosts."),
    element("h2", {}, "Changes that hosts have in common"),
    ...changesInCommon(among),
    ...(among.some((host) => host.groups.length) ? [element("h2", {}, "Groups"), ...groupsTable(among)] : []),
  ];
}

function codesTable(found, total) {
  const rows = found.map((one) =>
    element(
      "tr",
      {},
      element("td", {}, badge(one.severity)),
      element(
        "th",
        { scope: "row" },
        element(
          "button",
          {
            type: "button",
            class: "link",
            click: () => ask({ view: "hosts", code: one.code, severity: one.severity }),
          },
          one.code,
        ),
      ),
      element("td", {}, codes.has(one.code) ? codes.get(one.code).title : one.message),
      share(one.hosts.size, total),
    ),
  );
  return table({ class: "wide" }, "Findings by code", ["Severity", "Code", "What it is", "Hosts"], rows);
}

function share(count, total) {
  return element("td", { class: "count" }, element("span", {}, number(count)), strip([["part", count]], total));
}

/** A bar of parts [class, count] of a total; the numbers stand beside it, so that it is hidden from screen readers. */
function strip(parts, total) {
  let start = 0;
  const drawn = parts
    .filter(([, count]) => count)
    .map(([name, count]) => {
      const width = Math.max((100 * count) / (total || 1), 1);
      const made = drawing("rect", { class: name, x: `${start}%`, width: `${width}%`, height: "100%" });
      start += width;
      return made;
    });
  return drawing("svg", { class: "strip", "aria-hidden": "true" }, ...drawn);
}

/** Inventory groups with their hosts by status, the worst first. */
function groupsTable(among) {
  const found = tally(among, (host) => host.groups);
  const order = Object.keys(statuses);
  const one = ([group, count]) => {
    const inside = among.filter((host) => host.groups.includes(group));
    const by = order.map((name) => [name, inside.filter((host) => host.detail.status === name).length]);
    const words = by
      .filter(([, some]) => some)
      .map(([name, some]) => element("li", {}, icon(name), ` ${number(some)} ${statuses[name].toLowerCase()}`));
    return element(
      "tr",
      {},
      element(
        "th",
        { scope: "row" },
        element("button", { type: "button", class: "link", click: () => ask({ view: "hosts", group }) }, group),
      ),
      element("td", {}, element("ul", { class: "inline" }, words)),
      element("td", { class: "count" }, element("span", {}, number(count)), strip(by, count)),
    );
  };
  const made = table({ class: "wide" }, "Hosts by group", ["Group", "Status", "Hosts"], []);
  return [made, inPieces(made.querySelector("tbody"), found, PIECE, one, "group").more];
}

function changesInCommon(among) {
  const found = tally(among, (host) =>
    host.detail.changes.map((change) =>
      JSON.stringify([change.concern, change.item, change.observed ?? null, change.desired ?? null]),
    ),
  );
  if (!found.length) return [element("p", { class: "nothing" }, "No changes on these hosts.")];
  const text = (value) => (value === null ? "absent" : value.replaceAll(HOST, "HOST"));
  const one = ([key, count]) => {
    const [concern, item, observed, desired] = JSON.parse(key);
    return element(
      "tr",
      {},
      element(
        "td",
        {},
        element("button", { type: "button", class: "link", click: () => ask({ view: "hosts", concern }) }, concern),
      ),
      element("th", { scope: "row", class: "mono" }, text(item)),
      element("td", { class: "mono" }, `${text(observed)} → ${text(desired)}`),
      share(count, among.length),
    );
  };
  const made = table(
    { class: "wide" },
    "Changes that hosts have in common",
    ["Concern", "Item", "Observed → declared", "Hosts"],
    [],
  );
  return [made, inPieces(made.querySelector("tbody"), found, PIECE, one, "change").more];
}

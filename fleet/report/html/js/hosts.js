// The list of hosts, equal ones folded into a row; a row opens to the detail.

const PIECE = 100;
// Of many names so many characters are shown; all of them stand in the detail.
const LONGEST = 160;
const opened = new Set();
let rows = { more: null, extend: () => false };

/** Lists of hosts that share a row: the worst first, then those with most to say, then the largest. */
function folds(among) {
  const found = new Map();
  for (const host of among) {
    const key = state.fold === "1" ? `k${host.detail.kind}` : `h${host.place}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(host);
  }
  const order = Object.keys(statuses);
  const weight = (fold) => said(fold[0].detail).filter((one) => severity(one) === "error").length;
  return [...found.values()]
    .map((fold) => fold.sort(byName))
    .sort(
      (one, other) =>
        order.indexOf(one[0].detail.status) - order.indexOf(other[0].detail.status) ||
        weight(other) - weight(one) ||
        other.length - one.length ||
        byName(one[0], other[0]),
    );
}

function hostsView(among) {
  if (!among.length)
    return [
      element("p", { class: "nothing" }, hosts.length ? "No host fits these filters." : "No host was looked at."),
    ];
  const list = element("ol", { class: "rows", "aria-label": "Hosts" });
  rows = inPieces(list, folds(among), PIECE, row, "row");
  return [list, rows.more];
}

const keyOf = (fold) => (fold.length === 1 ? `h${fold[0].place}` : `k${fold[0].detail.kind}`);

function row(fold) {
  const { detail } = fold[0];
  const key = keyOf(fold);
  const body = element("div", { class: "detail", id: `b-${key}` });
  const head = element(
    "button",
    { type: "button", class: "head", "aria-controls": `b-${key}`, click: () => show(!opened.has(key)) },
    icon(detail.status),
    element(
      "span",
      { class: "state" },
      statuses[detail.status],
      detail.pending === "none" ? null : element("small", {}, `pending: ${detail.pending}`),
    ),
    element(
      "span",
      { class: "names" },
      fold.length > 1 ? element("b", {}, `${number(fold.length)} hosts `) : null,
      names(fold),
    ),
    element("span", { class: "gist" }, gist(fold)),
  );
  function show(open) {
    if (open) opened.add(key);
    else opened.delete(key);
    head.setAttribute("aria-expanded", String(open));
    body.hidden = !open;
    body.replaceChildren(...(open ? detailOf(fold).filter(Boolean) : []));
  }
  show(opened.has(key) || hosts.length === 1 || state.host === fold[0].name);
  return element("li", { class: `row ${detail.status}` }, element("h2", {}, head), body);
}

function names(fold) {
  const drawn = ranges(fold.map((host) => host.name)).join(", ");
  return element("span", {}, fold.length > 1 && drawn.length > LONGEST ? `${drawn.slice(0, LONGEST)}…` : drawn);
}

/** A message as these hosts have it: where it differs between them, … for the words that do. */
function message(fold, of) {
  const said = new Set(variants(fold).map(([detail, some]) => named(of(detail), fold.length > 1 ? fold : some)));
  return said.size === 1 ? [...said][0] : masked([...said][0]);
}

/** The one thing to know first, and how much more there is. */
function gist(fold) {
  const { detail } = fold[0];
  const all = said(detail);
  const order = sorted(all);
  const [first] = order;
  const change = detail.changes[0];
  if (first && (severity(first) === "error" || !change)) {
    const more = order.length > 1 ? `+${order.length - 1} more` : "";
    return [
      element("b", {}, first.code),
      ` ${message(fold, (one) => said(one)[all.indexOf(first)].message)}`,
      tail([more, changed(detail, 0)]),
    ];
  }
  if (change) {
    const text = `${change.concern} ${change.item}: ${change.observed ?? "absent"} → ${change.desired ?? "absent"}`;
    return [named(text, fold), tail([changed(detail, 1), order.length ? counted(order.length, "finding") : ""])];
  }
  return [detail.not_seen.length ? `${counted(detail.not_seen.length, "part")} not seen` : null, alikeIn(fold)];
}

const changed = (detail, but) => (detail.changes.length > but ? counted(detail.changes.length, "change") : "");

/** The versions that all of these hosts have; those of Ubuntu, kernel and GPUs need no name. */
function alikeIn(fold) {
  const plainly = new Set(["ubuntu", "kernel", "gpus"]);
  const same = columns.map(([key, title], place) => [plainly.has(key) ? "" : `${title} `, cell(fold[0], place), place]);
  const parts = same.filter(([, [text, kind], place]) => !kind && fold.every((host) => cellText(host, place) === text));
  return element("span", { class: "alike" }, parts.map(([title, [text]]) => title + text).join(" · "));
}

const tail = (parts) =>
  element(
    "span",
    { class: "tail" },
    parts.filter(Boolean).map((one) => element("span", {}, one)),
  );

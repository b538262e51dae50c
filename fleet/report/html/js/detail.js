// All that is known of one host, or of several that are told alike.

const SOME_NAMES = 60;

function detailOf(fold) {
  const { detail } = fold[0];
  return [
    fold.length > 1 ? members(fold) : aboutHost(fold[0]),
    detail.error ? part("Why it could not be told", finding({ severity: "error", ...detail.error }, fold)) : null,
    detail.findings.length ? part(`Findings (${detail.findings.length})`, sorted(detail.findings).map((one) => finding(one, fold))) : null,
    detail.changes.length ? part(`Changes (${detail.changes.length})`, changes(detail, fold)) : null,
    detail.compute ? part("Computed", plain(detail.compute, fold)) : null,
    fold.length === 1 ? sinceOf(fold[0]) : null,
    detail.not_seen.length ? part("Not seen", notSeen(detail)) : null,
    quiet(detail) ? part(null, element("p", {}, "As declared; nothing to report.")) : null,
    part("Next", commands(detail, fold)),
  ];
}

const part = (title, ...content) => element("section", {}, title ? element("h4", {}, title) : null, content);
const quiet = (detail) => detail.status === "in-sync" && !detail.findings.length && !detail.not_seen.length && !detail.error;
const RANK = ["error", "warning", "info", "accepted"];
const sorted = (findings) => [...findings].sort((one, other) => RANK.indexOf(severity(one)) - RANK.indexOf(severity(other)));

function members(fold) {
  const list = element("ul", { class: "members" });
  const one = (host) =>
    element("li", {}, element("button", { type: "button", click: () => ask({ host: host.name }) }, host.name));
  const rest = element("button", { type: "button", click: () => { rest.remove(); list.append(...fold.slice(SOME_NAMES).map(one)); } },
    `and ${number(fold.length - SOME_NAMES)} more`);
  list.append(...fold.slice(0, SOME_NAMES).map(one));
  return part(`${counted(fold.length, "host")} alike`, list, fold.length > SOME_NAMES ? rest : null);
}

function aboutHost(host) {
  const cells = host.facts ? columns.map(([, title], place) => [title, cell(host, place)]) : [];
  const pairs = cells.map(([title, [text, kind]]) => [title, element("span", { class: kind || "mono" }, text)]);
  if (host.groups.length) pairs.push(["Groups", host.groups.join(", ")]);
  if (host.seen) pairs.push(["Looked at", `${moment(host.seen)}${host.seconds === null ? "" : `, in ${host.seconds} s`}`]);
  if (!pairs.length) return null;
  return part(null, element("dl", { class: "facts" }, pairs.map(([title, value]) => element("div", {}, element("dt", {}, title), element("dd", {}, value)))));
}

/** "2026-11-24 03:00:00 UTC". */
const moment = (time) => time.replace("T", " ").replace("Z", " UTC");

function finding(one, fold) {
  const entry = codes[one.code];
  return element(
    "div",
    { class: `finding ${severity(one)}` },
    element("p", {}, badge(severity(one)), element("b", {}, one.code), " ", named(one.message, fold)),
    one.evidence ? element("pre", { tabindex: "0", "aria-label": `Evidence of ${one.code}` }, named(one.evidence, fold)) : null,
    one.state ? element("p", {}, "State: ", named(one.state, fold)) : null,
    one.hint ? element("p", { class: "mend" }, element("b", {}, "Mend: "), named(one.hint, fold)) : null,
    entry ? explained(one.code, entry) : null,
  );
}

const badge = (word) => element("span", { class: `badge ${word}` }, word);

function explained(code, entry) {
  const lines = [["Meaning", entry.meaning], ["Recognised by", entry.recognised], ["What breaks", entry.breaks], ["How to mend it", entry.mend], ["Source", entry.source]];
  return element(
    "details",
    { class: "explained" },
    element("summary", {}, `${code}: ${entry.title}`),
    element("dl", {}, lines.map(([title, text]) => [element("dt", {}, title), element("dd", {}, linked(text))])),
  );
}

/** Our own sources that are one address are links; nothing is fetched before one is followed. */
function linked(text) {
  return /^https:\/\/\S+$/.test(text) ? element("a", { href: text, rel: "noreferrer noopener" }, text) : text;
}

function changes(detail, fold) {
  const why = detail.changes.some((change) => change.cause);
  const value = (text) => element("td", { class: "mono" }, text === null || text === undefined ? element("span", { class: "none" }, "absent") : named(text, fold));
  const rows = detail.changes.map((change) =>
    element(
      "tr",
      {},
      element("td", {}, change.concern),
      element("th", { scope: "row", class: "mono" }, named(change.item, fold)),
      value(change.observed),
      value(change.desired),
      element("td", {}, change.disruption && change.disruption !== "none" ? badge(change.disruption) : "none"),
      why ? element("td", {}, cause(change.cause, fold)) : null,
    ),
  );
  return table({ class: "changes" }, "Changes", ["Concern", "Item", "Observed", "Declared", "Disruption", ...(why ? ["Since when and why"] : [])], rows);
}

function cause(found, fold) {
  if (!found) return element("span", { class: "none" }, "not known");
  const { time, command, by, observed, desired, ...rest } = found;
  const moved = observed || desired ? `${observed || "absent"} → ${desired || "absent"}` : "";
  const more = Object.entries(rest).filter(([, value]) => typeof value === "string").map(([key, value]) => `${key}: ${value}`);
  return [
    time ? element("div", {}, moment(time)) : null,
    command ? element("code", {}, named(command, fold)) : null,
    [by ? `by ${by}` : "", moved, ...more].filter(Boolean).map((line) => element("div", {}, named(line, fold))),
  ];
}

function notSeen(detail) {
  return element("p", {}, "What could not be read is not known to be well: ", element("span", { class: "mono" }, detail.not_seen.join(", ")));
}

/** Any JSON value: mappings as lists of terms, lists of mappings as tables. */
function plain(value, fold) {
  if (value === null || value === undefined) return element("span", { class: "none" }, "none");
  if (Array.isArray(value) && value.length && value.every((one) => one !== null && typeof one === "object" && !Array.isArray(one))) {
    const keys = [...new Set(value.flatMap(Object.keys))];
    const rows = value.map((one) => element("tr", {}, keys.map((key) => element("td", {}, plain(one[key], fold)))));
    return table({}, "Results", keys.map((key) => key.replaceAll("_", " ")), rows);
  }
  if (Array.isArray(value)) return element("span", {}, value.map((one, place) => [place ? ", " : "", plain(one, fold)]));
  if (typeof value !== "object") return named(String(value), fold);
  const pairs = Object.entries(value);
  return element("dl", { class: "plain" }, pairs.map(([key, one]) => element("div", {}, element("dt", {}, key.replaceAll("_", " ")), element("dd", {}, plain(one, fold)))));
}

function commands(detail, fold) {
  const limit = fold.length > 8 ? "HOSTS" : fold.map((host) => host.name).join(",");
  const lines = detail.changes.length ? [`fleet plan --limit ${limit}`, `fleet apply --limit ${limit}`] : [`fleet drift --limit ${limit}`];
  return element("p", { class: "commands" }, lines.map((line) => element("code", {}, line)));
}

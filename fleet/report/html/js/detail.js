// All that is known of one host, or of several that are told alike.

const SOME_NAMES = 60;

function detailOf(fold) {
  const { detail } = fold[0];
  return [
    fold.length > 1 ? members(fold) : aboutHost(fold[0]),
    detail.error ? part("Why it could not be told", alike(fold, (one) => ({ severity: "error", ...one.error }))) : null,
    detail.findings.length ? part(`Findings (${detail.findings.length})`, findingsOf(fold)) : null,
    detail.changes.length ? part(`Changes (${detail.changes.length})`, changes(detail, fold)) : null,
    smokeTest(fold),
    fold.length === 1 ? sinceOf(fold[0]) : null,
    detail.not_seen.length ? part("Not seen", notSeen(detail)) : null,
    quiet(detail) ? part(null, element("p", {}, "As declared; nothing to report.")) : null,
    part("Next", commands(detail, fold)),
  ];
}

const VARIANTS = 10;

function findingsOf(fold) {
  const { findings } = fold[0].detail;
  return sorted(findings).map((one) => alike(fold, (detail) => detail.findings[findings.indexOf(one)]));
}

/** What `of` gives of each host's detail: once where all say the same, else each with its hosts. */
function alike(fold, of) {
  const found = new Map();
  for (const [detail, some] of variants(fold)) {
    const key = JSON.stringify(of(detail));
    if (!found.has(key)) found.set(key, [of(detail), []]);
    found.get(key)[1].push(...some);
  }
  const all = [...found.values()];
  if (all.length === 1) return finding(all[0][0], fold);
  const rest = all.slice(VARIANTS).flatMap(([, some]) => some);
  return [
    all.slice(0, VARIANTS).map(([one, some]) => element("div", { class: "variant" }, element("p", {}, "On ", links(some)), finding(one, some))),
    rest.length ? element("p", { class: "note" }, "Otherwise on ", links(rest), ".") : null,
  ];
}

/** Some hosts by name; each opens. */
function links(some) {
  const one = (host) => element("button", { type: "button", class: "link", click: () => ask({ view: "hosts", host: host.name }) }, host.name);
  const named = some.slice(0, 6).map((host, place) => [place ? ", " : "", one(host)]);
  return [named, some.length > 6 ? ` and ${number(some.length - 6)} more` : null];
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
  if (host.last) pairs.push(["Last seen", moment(host.last)]);
  if (!pairs.length) return null;
  return part(null, element("dl", { class: "facts" }, pairs.map(([title, value]) => element("div", {}, element("dt", {}, title), element("dd", {}, value)))));
}

/** "2026-11-24 03:00:00 UTC", "2026-11-24 04:00:00 +01:00". */
const moment = (time) => time.replace("T", " ").replace(/Z$/, " UTC").replace(/[+-][0-9]{2}:[0-9]{2}$/, " $&");

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
  const causes = new Set(variants(fold).map(([one]) => JSON.stringify(one.changes.map((change) => change.cause))));
  const told = (change) => (causes.size > 1 && change.cause ? element("span", { class: "none" }, "differs by host") : cause(change.cause, fold));
  const rows = detail.changes.map((change) =>
    element(
      "tr",
      {},
      element("td", {}, change.concern),
      element("th", { scope: "row", class: "mono" }, named(change.item, fold)),
      value(change.observed),
      value(change.desired),
      element("td", {}, change.disruption && change.disruption !== "none" ? badge(change.disruption) : "none"),
      why ? element("td", {}, told(change)) : null,
    ),
  );
  return table({ class: "changes" }, "Changes", ["Concern", "Item", "Observed", "Declared", "Disruption", ...(why ? ["Since when and why"] : [])], rows);
}

/** Who moved the package, when it left what is declared, and from which version to which. */
function cause(found, fold) {
  if (!found) return element("span", { class: "none" }, "not known");
  const who = [found.by, found.user].filter(Boolean).join(", for ");
  const last = found.time !== found.since ? `, last ${moment(found.time)}` : "";
  const lines = [who, `${found.package}: ${found.before || "absent"} → ${found.after || "absent"}`, found.error ? `it ended with an error: ${found.error}` : ""];
  return [
    element("div", {}, `since ${moment(found.since)}${last}`),
    found.command ? element("code", {}, named(found.command, fold)) : null,
    lines.filter(Boolean).map((line) => element("div", {}, named(line, fold))),
  ];
}

function smokeTest(fold) {
  const tested = fold.filter((host) => host.compute);
  if (!tested.length) return null;
  const each = element("p", {}, `${counted(tested.length, "host")} of these had one; what each GPU reached stands with its host.`);
  return part("Smoke test", fold.length === 1 ? computed(fold[0].compute, fold) : each);
}

/** What each GPU computed, and how fast: a rate is compared with what the board can reach at most. */
function computed(compute, fold) {
  const ran = compute.ran ? "" : compute.seen === false ? "Not seen: " : "Not run: ";
  const why = compute.why ? element("p", {}, ran, named(compute.why, fold)) : null;
  const results = (compute.results || []).map((one) =>
    element("tr", {},
      element("th", { scope: "row" }, one.device || `environment ${one.environment}`),
      element("td", {}, one.way, one.device && one.environment ? ` (${one.environment})` : ""),
      element("td", {}, badge(one.outcome)),
      element("td", {}, rate(one)),
      element("td", {}, [one.reason, one.text].filter(Boolean).map((text) => named(text, fold)).join(": ")),
      element("td", {}, one.seconds === undefined || one.seconds === null ? "" : `${one.seconds} s`),
    ),
  );
  return [why, results.length ? table({ class: "wide" }, "Smoke test", ["GPU or environment", "By way of", "Outcome", "Rate", "Why", "Took"], results) : null];
}

function rate({ rate_tflops: reached, peak_tflops: peak }) {
  if (typeof reached !== "number") return "";
  return peak ? `${reached} of ${peak} TFLOPS, ${Math.round((100 * reached) / peak)} %` : `${reached} TFLOPS`;
}

function notSeen(detail) {
  return element("p", {}, "What could not be read is not known to be well: ", element("span", { class: "mono" }, detail.not_seen.join(", ")));
}

// A longer --limit is no command to type.
const TYPEABLE = 400;

function commands(detail, fold) {
  const drawn = ranges(fold.map((host) => host.name));
  const long = drawn.join(",").length > TYPEABLE;
  const few = long ? [fold[0].name] : drawn;
  const limit = few.some((one) => one.includes("[")) ? `'${few.join(",")}'` : few.join(",");
  const lines = detail.changes.length ? [`fleet plan --limit ${limit}`, `fleet apply --limit ${limit}`] : [`fleet drift --limit ${limit}`];
  return element("p", { class: "commands" }, lines.map((line) => element("code", {}, line)),
    long ? element("span", { class: "note" }, `the first of ${number(fold.length)}`) : null);
}

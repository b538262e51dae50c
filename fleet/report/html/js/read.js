// The data as it stands in the page: texts that occur often are written once and referred to by number.

const HOST = "\ue000";
const REPEATED = "\ue001";
const written = JSON.parse(document.getElementById("data").textContent);

function expanded(value) {
  if (typeof value === "string") return value[0] === REPEATED ? written.repeated[parseInt(value.slice(1), 16)] : value;
  if (Array.isArray(value)) return value.map(expanded);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, expanded(one)]));
  }
  return value;
}

function texts(value) {
  if (typeof value === "string") return [value];
  if (value !== null && typeof value === "object") return Object.values(value).flatMap(texts);
  return [];
}

const { columns, statuses } = written;
const codes = new Map(Object.entries(written.codes));
const details = expanded(written.details).map((detail, place) => ({
  place,
  kind: written.kinds[place],
  pending: "none",
  changes: [],
  findings: [],
  not_seen: [],
  error: null,
  ...detail,
  words: texts(detail).join("\n").toLowerCase(),
}));
const facts = expanded(written.facts).map((cells) => ({
  cells,
  words: cells
    .map(([text]) => text)
    .join("\n")
    .toLowerCase(),
}));
const groupLists = expanded(written.groups);
const hosts = expanded(written.hosts).map(([name, detail, fact, groups, seen, seconds, last, compute], place) => ({
  place,
  name,
  lower: name.toLowerCase(),
  detail: details[detail],
  facts: facts[fact] || null,
  groups: groupLists[groups],
  seen: seen || null,
  seconds: seconds ?? null,
  last: last || null,
  compute: compute || null,
}));

const since = expanded(written.since);
const differences = new Map(
  since ? since.hosts.map((one) => [one.host, { changes: [], findings: [], not_seen: [], ...one }]) : [],
);

/** "accepted" for what the inventory accepts, else the severity; an error of the look itself is one too. */
const severity = (finding) => (finding.accepted ? "accepted" : finding.severity);
const said = (detail) =>
  detail.error ? [{ severity: "error", ...detail.error }, ...detail.findings] : detail.findings;

/** Details that differ, each with its hosts. */
function variants(fold) {
  const found = new Map();
  for (const host of fold) {
    if (!found.has(host.detail)) found.set(host.detail, []);
    found.get(host.detail).push(host);
  }
  return [...found];
}

/** A text of a detail as it reads for these hosts: the name of one, HOST for several. */
const named = (text, fold) => text.replaceAll(HOST, fold.length === 1 ? fold[0].name : "HOST");

const natural = new Intl.Collator("en", { numeric: true });
const byName = (one, other) => natural.compare(one.name, other.name);

/** A text without its words that hold numbers: what hosts told alike have in common. */
const masked = (text) => text.replace(/\S*[0-9]\S*/g, "…");

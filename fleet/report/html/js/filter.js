// What is asked for, and which hosts fit.

const NOTHING = {
  view: "hosts",
  q: "",
  status: "",
  severity: "",
  code: "",
  concern: "",
  pending: "",
  group: "",
  host: "",
  fold: "1",
};
let state = { ...NOTHING };

/** Hosts that fit the state, in the report's order. `but`: keys of the state that are not asked for. */
function fitting(but = []) {
  const asked = { ...state, ...Object.fromEntries(but.map((key) => [key, NOTHING[key] || ""])) };
  const wanted = asked.status ? new Set(asked.status.split(",")) : null;
  const terms = asked.q.toLowerCase().split(/\s+/).filter(Boolean);
  const cells = columns.map(([key], place) => [place, asked[key]]).filter(([, text]) => text);
  const known = details.map((detail) => fits(detail, asked, wanted));
  return hosts.filter(
    (host) =>
      known[host.detail.place] &&
      (!asked.host || host.name === asked.host) &&
      (!asked.group || host.groups.includes(asked.group)) &&
      cells.every(([place, text]) => cellText(host, place) === text) &&
      terms.every(
        (term) =>
          host.lower.includes(term) ||
          host.detail.words.includes(term) ||
          (host.facts && host.facts.words.includes(term)),
      ),
  );
}

function fits(detail, asked, wanted) {
  if (wanted && !wanted.has(detail.status)) return false;
  if (asked.pending && detail.pending !== asked.pending) return false;
  if (asked.concern && !detail.changes.some((change) => change.concern === asked.concern)) return false;
  if (!asked.code && !asked.severity) return true;
  return said(detail).some(
    (one) => (!asked.code || one.code === asked.code) && (!asked.severity || severity(one) === asked.severity),
  );
}

const NO_LOOK = ["no look", "unseen"];
const cell = (host, place) => (host.facts ? host.facts.cells[place] : NO_LOOK);
const cellText = (host, place) => cell(host, place)[0];

/** How many hosts have each key that `of` gives of a host; most frequent first. */
function tally(among, of) {
  const found = new Map();
  for (const host of among) for (const key of new Set(of(host))) found.set(key, (found.get(key) || 0) + 1);
  return [...found].sort(([one, count], [other, more]) => more - count || natural.compare(one, other));
}

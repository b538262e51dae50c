// What is different since an earlier report: new, gone, or become another; equal differences with all of their hosts.

const KINDS = { new: "New", different: "Different", gone: "Gone" };
const kindOf = ({ before, after }) => (before && after ? "different" : after ? "new" : "gone");

function sinceView(among) {
  const chosen = among.filter((host) => differences.has(host.name));
  const parts = [
    since.hosts.length - chosen.length
      ? `${number(since.hosts.length - chosen.length)} more outside these filters`
      : "",
    `${number(since.same || 0)} as they were`,
    since.left_out ? `${number(since.left_out)} not chosen today` : "",
  ];
  return [
    element("h2", {}, `Since the report of ${moment(since.time)}`),
    element(
      "p",
      {},
      `${counted(chosen.length, "host")} of those shown differ; `,
      parts.filter(Boolean).join(", "),
      ".",
    ),
    ...section("Status", transitions(chosen), ["Then", "Today", "Hosts"]),
    ...Object.keys(KINDS).flatMap((kind) => section(KINDS[kind], pairs(chosen, kind), ["What", "", "Hosts"])),
    ...section("Not compared", notCompared(chosen), ["Why", "Hosts"]),
    ...section("Seen then, not seen today: what is gone may be hidden by it", hidden(chosen), ["Part", "Hosts"]),
    ...hostsComeAndGone(among),
  ];
}

/** A table of lines: cells, and the hosts they are about, by name where they have no report of today. */
function section(title, lines, heads) {
  if (!lines.length) return [];
  const made = table({ class: "wide" }, title, heads, []);
  const line = ([cells, some]) =>
    element("tr", {}, cells, typeof some === "string" ? element("td", {}, some) : who(some));
  return [element("h2", {}, title), made, inPieces(made.querySelector("tbody"), lines, PIECE, line, "row").more];
}

/** The hosts of a line. */
function who(some) {
  return element(
    "td",
    {},
    some.length > 1 ? element("b", {}, `${number(some.length)}: `) : null,
    links(some.sort(byName)),
  );
}

/** The hosts by what `of` says of each one's difference: [a value, hosts, all values] by key, the largest first. */
function gathered(chosen, of) {
  const found = new Map();
  for (const host of chosen) {
    for (const [key, value] of of(differences.get(host.name), host)) {
      if (!found.has(key)) found.set(key, [value, [], new Set()]);
      const [, some, values] = found.get(key);
      if (some[some.length - 1] !== host) some.push(host);
      values.add(JSON.stringify(value));
    }
  }
  return [...found.values()].sort(([, one], [, other]) => other.length - one.length);
}

function transitions(chosen) {
  const status = (name) => element("td", {}, icon(name), ` ${statuses[name]}`);
  const changed = gathered(chosen, ({ before, after }) =>
    before === after ? [] : [[`${before} ${after}`, [before, after]]],
  );
  return changed.map(([[before, after], some]) => [[status(before), status(after)], some]);
}

/** The worst findings first, then changes; of equal rank those of most hosts. Messages that differ in numbers are one. */
function pairs(chosen, kind) {
  const key = ({ before, after }) => JSON.stringify([before && kindOfOne(before), after && kindOfOne(after)]);
  const keyed = (list) => list.filter((pair) => kindOf(pair) === kind).map((pair) => [key(pair), pair]);
  const rank = ({ before, after }) => ((after || before).code ? RANK.indexOf(severity(after || before)) : RANK.length);
  const found = gathered(chosen, (one) => keyed([...one.findings, ...one.changes]));
  return found
    .sort(([one], [other]) => rank(one) - rank(other))
    .map(([pair, some, all]) => [pairCells(pair, some, all.size > 1), some]);
}

const kindOfOne = (one) =>
  one.code ? [one.code, severity(one), masked(one.message)] : [one.concern, one.item, one.observed, one.desired];

function pairCells({ before, after }, some, several) {
  const one = after || before;
  const text = (value) => (several ? masked(named(value ?? "absent", some)) : named(value ?? "absent", some));
  const was = (words) => (before && after ? element("small", { class: "was" }, `was: ${words}`) : null);
  if (one.code) {
    const moved = before && after && severity(before) !== severity(after) ? [badge(severity(before)), "→ "] : null;
    const then = before && before.message !== one.message ? was(text(before.message)) : null;
    return [
      element("td", {}, moved, badge(severity(one)), element("b", {}, one.code)),
      element("td", {}, text(one.message), then),
    ];
  }
  const versions = ({ observed, desired }) =>
    `${named(observed ?? "absent", some)} → ${named(desired ?? "absent", some)}`;
  return [
    element("td", {}, one.concern, " ", element("span", { class: "mono" }, named(one.item, some))),
    element("td", { class: "mono" }, versions(one), before ? was(versions(before)) : null),
  ];
}

function notCompared(chosen) {
  const found = gathered(chosen, (one) =>
    one.comparable === false ? [[one.error ? one.error.code + one.error.message : "", one.error || null]] : [],
  );
  return found.map(([error, some]) => [
    [
      element(
        "td",
        {},
        error
          ? [element("b", {}, error.code), " ", named(error.message, some)]
          : "The earlier look did not come about.",
      ),
    ],
    some,
  ]);
}

const hidden = (chosen) =>
  gathered(chosen, (one) => one.not_seen.map((part) => [part, part])).map(([part, some]) => [
    [element("td", { class: "mono" }, part)],
    some,
  ]);

function hostsComeAndGone(among) {
  const added = new Set(since.added || []);
  const here = among.filter((host) => added.has(host.name));
  const gone = ranges(since.removed || []).join(", ");
  const lines = [
    here.length ? [[element("td", {}, "Not in the earlier report")], here] : null,
    gone ? [[element("td", {}, "No more in the inventory")], gone] : null,
  ];
  return section("Hosts", lines.filter(Boolean), ["What", "Hosts"]);
}

/** The difference of one host, for its detail. */
function sinceOf(host) {
  const one = differences.get(host.name);
  if (!one) return null;
  const lines = [...one.findings, ...one.changes].map((pair) =>
    element("tr", {}, element("td", {}, KINDS[kindOf(pair)]), pairCells(pair, [host])),
  );
  const status =
    one.before === one.after
      ? null
      : element("p", {}, icon(one.before), ` ${statuses[one.before]} → `, icon(one.after), ` ${statuses[one.after]}`);
  return part(
    `Since the report of ${moment(since.time)}`,
    status,
    lines.length ? table({}, "Differences", ["", "What", ""], lines) : null,
  );
}

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
    ...hostsComeAndGone(among),
    ...section("Status", transitions(chosen), ["Then", "Today", "Hosts"]),
    ...Object.keys(KINDS).flatMap((kind) => section(KINDS[kind], pairs(chosen, kind), ["What", "", "Hosts"])),
    ...section("Not compared", notCompared(chosen), ["Why", "Hosts"]),
    ...section("Seen then, not seen today: what is gone may be hidden by it", hidden(chosen), ["Part", "Hosts"]),
  ];
}

function section(title, lines, heads) {
  if (!lines.length) return [];
  const made = table({ class: "wide" }, title, heads, []);
  return [
    element("h2", {}, title),
    made,
    inPieces(made.querySelector("tbody"), lines, PIECE, ([cells, some]) => element("tr", {}, cells, who(some)), "row")
      .more,
  ];
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

/** The hosts by what `of` says of each one's difference: [first host, hosts] by key, the largest first. */
function gathered(chosen, of) {
  const found = new Map();
  for (const host of chosen) {
    for (const [key, value] of of(differences.get(host.name), host)) {
      if (!found.has(key)) found.set(key, [value, []]);
      found.get(key)[1].push(host);
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

function pairs(chosen, kind) {
  const keyed = (list) => list.filter((pair) => kindOf(pair) === kind).map((pair) => [JSON.stringify(pair), pair]);
  const found = gathered(chosen, (one) => keyed([...one.findings, ...one.changes]));
  return found.map(([pair, some]) => [pairCells(pair, some), some]);
}

function pairCells({ before, after }, some) {
  const one = after || before;
  const text = (value) => named(value ?? "absent", some);
  if (one.code) {
    const was =
      before && after && before.message !== after.message
        ? element("small", { class: "was" }, `was: ${text(before.message)}`)
        : null;
    const moved = before && after && severity(before) !== severity(after) ? [badge(severity(before)), "→ "] : null;
    return [
      element("td", {}, moved, badge(severity(one)), element("b", {}, one.code)),
      element("td", {}, text(one.message), was),
    ];
  }
  const was =
    before && after
      ? element("small", { class: "was" }, `was: ${text(before.observed)} → ${text(before.desired)}`)
      : null;
  return [
    element("td", {}, one.concern, " ", element("span", { class: "mono" }, text(one.item))),
    element("td", { class: "mono" }, `${text(one.observed)} → ${text(one.desired)}`, was),
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
  const lines = here.length ? [[[element("td", {}, "Not in the earlier report")], here]] : [];
  const gone =
    since.removed && since.removed.length
      ? element("p", { class: "nothing" }, element("b", {}, "No more in the inventory: "), since.removed.join(", "))
      : null;
  return [...section("Hosts", lines, ["", "Hosts"]), gone];
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

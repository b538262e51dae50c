// All that is known of one host, or of several that are told alike.

const SOME_NAMES = 60;

function detailOf(fold) {
  const { detail } = fold[0];
  return [
    fold.length > 1 ? members(fold) : aboutHost(fold[0]),
    detail.error
      ? part(
          "Why it could not be told",
          alike(fold, (one) => ({ severity: "error", ...one.error })),
        )
      : null,
    detail.findings.length ? part(`Findings (${detail.findings.length})`, findingsOf(fold)) : null,
    detail.changes.length ? part(`Changes (${detail.changes.length})`, changes(detail, fold)) : null,
    smokeTest(fold),
    fold.length === 1 ? sinceOf(fold[0]) : null,
    detail.not_seen.length ? part("Not seen", notSeen(detail)) : null,
    quiet(detail) ? part(null, element("p", {}, "As declared; nothing to report.")) : null,
    part("Next", commands(detail, fold)),
  ];
}

const part = (title, ...content) => element("section", {}, title ? element("h3", {}, title) : null, content);
const quiet = (detail) =>
  detail.status === "in-sync" && !detail.findings.length && !detail.not_seen.length && !detail.error;

function members(fold) {
  const list = element("ul", { class: "members" });
  const one = (host) =>
    element("li", {}, element("button", { type: "button", click: () => ask({ host: host.name }) }, host.name));
  const rest = element(
    "button",
    {
      type: "button",
      click: () => {
        rest.remove();
        list.append(...fold.slice(SOME_NAMES).map(one));
      },
    },
    `and ${number(fold.length - SOME_NAMES)} more`,
  );
  list.append(...fold.slice(0, SOME_NAMES).map(one));
  return part(`${counted(fold.length, "host")} alike`, list, fold.length > SOME_NAMES ? rest : null);
}

function aboutHost(host) {
  const cells = host.facts ? columns.map(([, title], place) => [title, cell(host, place)]) : [];
  const pairs = cells.map(([title, [text, kind]]) => [title, element("span", { class: kind || "mono" }, text)]);
  if (host.groups.length) pairs.push(["Groups", host.groups.join(", ")]);
  if (host.seen)
    pairs.push(["Looked at", `${moment(host.seen)}${host.seconds === null ? "" : `, in ${host.seconds} s`}`]);
  if (host.last) pairs.push(["Last seen", moment(host.last)]);
  if (!pairs.length) return null;
  return part(
    null,
    element(
      "dl",
      { class: "facts" },
      pairs.map(([title, value]) => element("div", {}, element("dt", {}, title), element("dd", {}, value))),
    ),
  );
}

/** "2026-11-24 03:00:00 UTC", "2026-11-24 04:00:00 +01:00". */
const moment = (time) =>
  time
    .replace("T", " ")
    .replace(/Z$/, " UTC")
    .replace(/[+-][0-9]{2}:[0-9]{2}$/, " $&");

function notSeen(detail) {
  return element(
    "p",
    {},
    "What could not be read is not known to be well: ",
    element("span", { class: "mono" }, detail.not_seen.join(", ")),
  );
}

// A longer --limit is no command to type.
const TYPEABLE = 400;

function commands(detail, fold) {
  const drawn = ranges(fold.map((host) => host.name));
  const long = drawn.join(",").length > TYPEABLE;
  const few = long ? [fold[0].name] : drawn;
  const limit = few.some((one) => one.includes("[")) ? `'${few.join(",")}'` : few.join(",");
  const lines = detail.changes.length
    ? [`fleet plan --limit ${limit}`, `fleet apply --limit ${limit}`]
    : [`fleet drift --limit ${limit}`];
  return element(
    "p",
    { class: "commands" },
    lines.map((line) => element("code", {}, line)),
    long ? element("span", { class: "note" }, `the first of ${number(fold.length)}`) : null,
  );
}

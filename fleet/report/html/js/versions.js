// Versions × hosts: in each column equal values have a letter and a tint, the most frequent A; the odd ones stand out.

const TINTS = 6;

function versionsView(among) {
  if (!among.length) return [element("p", { class: "nothing" }, "No host fits these filters.")];
  const ranks = columns.map((_, place) => ranked(among, place));
  const heads = [
    element("th", { scope: "col", class: "who" }, "Hosts"),
    ...columns.map(([, title], place) =>
      element("th", { scope: "col" }, title, element("small", {}, counted(ranks[place].size, "value"))),
    ),
  ];
  const lists = equalRows(among);
  const made = table({ class: "matrix" }, "Versions of each host", heads, []);
  rows = inPieces(made.querySelector("tbody"), lists, PIECE, (fold) => matrixRow(fold, ranks, among.length), "row");
  return among.length > 1 ? [legend(), spread(ranks, among.length), made, rows.more] : [made];
}

/** Of each value of a column: its letter, its tint, how many hosts have it, and whether it is an odd one out.

    What was not seen is no value: it has no letter, stands last, and is never odd. */
function ranked(among, place) {
  const kinds = new Map(among.map((host) => cell(host, place)));
  const found = tally(among, (host) => [cellText(host, place)]);
  const odd = Math.max(1, Math.floor(among.length / 50));
  const values = found
    .filter(([text]) => kinds.get(text) !== "unseen")
    .map(([text, count], rank) => ({
      text,
      count,
      kind: kinds.get(text),
      letter: rank < 26 ? String.fromCharCode(65 + rank) : "·",
      tint: `t${Math.min(rank, TINTS)}`,
      odd: rank > 0 && count <= odd && among.length > 4,
    }));
  const unseen = found.filter(([text]) => kinds.get(text) === "unseen");
  return new Map(
    [
      ...values,
      ...unseen.map(([text, count]) => ({ text, count, kind: "unseen", letter: "?", tint: "lost", odd: false })),
    ].map((one) => [one.text, one]),
  );
}

/** Hosts with the same versions in all columns; the largest set first. Each host alone where hosts are not folded. */
function equalRows(among) {
  const found = new Map();
  for (const host of among) {
    const key = state.fold === "1" ? columns.map((_, place) => cellText(host, place)).join("\n") : host.place;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(host);
  }
  const all = [...found.values()].map((fold) => fold.sort(byName));
  return all.sort((one, other) => other.length - one.length || byName(one[0], other[0]));
}

function matrixRow(fold, ranks, total) {
  const who = element(
    "button",
    { type: "button", class: "head link", click: () => ask(only(fold)) },
    fold.length > 1 ? `${number(fold.length)} hosts` : fold[0].name,
  );
  const some =
    fold.length > 1
      ? element(
          "small",
          {},
          fold
            .slice(0, 3)
            .map((host) => host.name)
            .join(", ") + (fold.length > 3 ? ", …" : ""),
        )
      : null;
  return element(
    "tr",
    {},
    element("th", { scope: "row", class: "who" }, who, some),
    columns.map((_, place) => matrixCell(fold[0], place, ranks[place], total)),
  );
}

/** The filters that leave these hosts alone. */
function only(fold) {
  if (fold.length === 1) return { view: "hosts", host: fold[0].name };
  return { view: "hosts", ...Object.fromEntries(columns.map(([key], place) => [key, cellText(fold[0], place)])) };
}

function matrixCell(host, place, ranks, total) {
  const [text, kind] = cell(host, place);
  const { letter, tint, odd, count } = ranks.get(text);
  const value = [
    element("span", { class: "letter", "aria-hidden": "true" }, letter),
    element("span", { class: kind || "mono" }, text),
  ];
  const note = odd ? element("small", {}, `odd: ${number(count)} of ${number(total)}`) : null;
  return element("td", { class: `${tint}${odd ? " odd" : ""}` }, element("span", { class: "value" }, value), note);
}

/** Each column's values with their hosts counted; one pressed leaves the hosts that have it. */
function spread(ranks, total) {
  const column = ([key, title], place) =>
    element(
      "div",
      { class: "column" },
      element("h3", {}, title),
      element(
        "ul",
        {},
        [...ranks[place].values()].slice(0, 8).map((one) =>
          element(
            "li",
            { class: `${one.tint}${one.odd ? " odd" : ""}` },
            element(
              "button",
              {
                type: "button",
                "aria-pressed": String(state[key] === one.text),
                click: () => ask({ [key]: state[key] === one.text ? "" : one.text }),
              },
              element("span", { class: "letter", "aria-hidden": "true" }, one.letter),
              element("span", { class: one.kind || "mono" }, one.text),
              element("span", { class: "of" }, number(one.count)),
            ),
          ),
        ),
        ranks[place].size > 8
          ? element("li", { class: "rest" }, `and ${counted(ranks[place].size - 8, "more value")}`)
          : null,
      ),
    );
  return element(
    "section",
    { class: "spread", "aria-label": `Values of ${counted(total, "host")}` },
    columns.map(column),
  );
}

function legend() {
  return element(
    "p",
    { class: "note" },
    "In each column equal values share a letter and a tint; A is the most frequent. ",
    "A dashed border and the word odd mark values of one host, or of at most 2 % of the hosts.",
  );
}

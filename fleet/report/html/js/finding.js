// Findings: severity, evidence, mend and the code's meaning; once where several hosts have the same.

const VARIANTS = 10;
const RANK = ["error", "warning", "info", "accepted"];
const sorted = (findings) =>
  [...findings].sort((one, other) => RANK.indexOf(severity(one)) - RANK.indexOf(severity(other)));

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
    all
      .slice(0, VARIANTS)
      .map(([one, some]) =>
        element("div", { class: "variant" }, element("p", {}, "On ", links(some)), finding(one, some)),
      ),
    rest.length ? element("p", { class: "note" }, "Otherwise on ", links(rest), ".") : null,
  ];
}

/** Some hosts by name; each opens. */
function links(some) {
  const one = (host) =>
    element(
      "button",
      { type: "button", class: "link", click: () => ask({ view: "hosts", host: host.name }) },
      host.name,
    );
  const named = some.slice(0, 6).map((host, place) => [place ? ", " : "", one(host)]);
  return [named, some.length > 6 ? ` and ${number(some.length - 6)} more` : null];
}

function finding(one, fold) {
  const entry = codes.get(one.code);
  return element(
    "div",
    { class: `finding ${severity(one)}` },
    element("p", {}, badge(severity(one)), element("b", {}, one.code), " ", named(one.message, fold)),
    one.evidence
      ? element("pre", { tabindex: "0", "aria-label": `Evidence of ${one.code}` }, named(one.evidence, fold))
      : null,
    one.state ? element("p", {}, "State: ", named(one.state, fold)) : null,
    one.hint ? element("p", { class: "mend" }, element("b", {}, "Mend: "), named(one.hint, fold)) : null,
    entry ? explained(one.code, entry) : null,
  );
}

const badge = (word) => element("span", { class: `badge ${word}` }, word);

function explained(code, entry) {
  const lines = [
    ["Meaning", entry.meaning],
    ["Recognised by", entry.recognised],
    ["What breaks", entry.breaks],
    ["How to mend it", entry.mend],
    ["Source", entry.source],
  ];
  return element(
    "details",
    { class: "explained" },
    element("summary", {}, `${code}: ${entry.title}`),
    element(
      "dl",
      {},
      lines.map(([title, text]) => [element("dt", {}, title), element("dd", {}, linked(text))]),
    ),
  );
}

/** Our own sources that are one address are links; nothing is fetched before one is followed. */
function linked(text) {
  return /^https:\/\/\S+$/.test(text) ? element("a", { href: text, rel: "noreferrer noopener" }, text) : text;
}

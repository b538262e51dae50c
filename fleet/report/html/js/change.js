// Changes with what they disrupt and what made them, and what each GPU computed.

function changes(detail, fold) {
  const why = detail.changes.some((change) => change.cause);
  const value = (text) =>
    element(
      "td",
      { class: "mono" },
      text === null || text === undefined ? element("span", { class: "none" }, "absent") : named(text, fold),
    );
  const causes = new Set(variants(fold).map(([one]) => JSON.stringify(one.changes.map((change) => change.cause))));
  const told = (change) =>
    causes.size > 1 && change.cause ? element("span", { class: "none" }, "differs by host") : cause(change.cause, fold);
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
  return table(
    { class: "changes" },
    "Changes",
    ["Concern", "Item", "Observed", "Declared", "Disruption", ...(why ? ["Since when and why"] : [])],
    rows,
  );
}

/** Who moved the package, when it left what is declared, and from which version to which. */
function cause(found, fold) {
  if (!found) return element("span", { class: "none" }, "not known");
  const who = [found.by, found.user].filter(Boolean).join(", for ");
  const last = found.time !== found.since ? `, last ${moment(found.time)}` : "";
  const lines = [
    who,
    `${found.package}: ${found.before || "absent"} → ${found.after || "absent"}`,
    found.error ? `it ended with an error: ${found.error}` : "",
  ];
  return [
    element("div", {}, `since ${moment(found.since)}${last}`),
    found.command ? element("code", {}, named(found.command, fold)) : null,
    lines.filter(Boolean).map((line) => element("div", {}, named(line, fold))),
  ];
}

function smokeTest(fold) {
  const tested = fold.filter((host) => host.compute);
  if (!tested.length) return null;
  const each = element(
    "p",
    {},
    `${counted(tested.length, "host")} of these had one; what each GPU reached stands with its host.`,
  );
  return part("Smoke test", fold.length === 1 ? computed(fold[0].compute, fold) : each);
}

/** What each GPU computed, and how fast: a rate is compared with what the board can reach at most. */
function computed(compute, fold) {
  const ran = compute.ran ? "" : compute.seen === false ? "Not seen: " : "Not run: ";
  const why = compute.why ? element("p", {}, ran, named(compute.why, fold)) : null;
  const results = (compute.results || []).map((one) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, one.device || `environment ${one.environment}`),
      element("td", {}, one.way, one.device && one.environment ? ` (${one.environment})` : ""),
      element("td", {}, badge(one.outcome)),
      element("td", {}, rate(one)),
      element(
        "td",
        {},
        [one.reason, one.text]
          .filter(Boolean)
          .map((text) => named(text, fold))
          .join(": "),
      ),
      element("td", {}, one.seconds === undefined || one.seconds === null ? "" : `${one.seconds} s`),
    ),
  );
  return [
    why,
    results.length
      ? table(
          { class: "wide" },
          "Smoke test",
          ["GPU or environment", "By way of", "Outcome", "Rate", "Why", "Took"],
          results,
        )
      : null,
  ];
}

function rate({ rate_tflops: reached, peak_tflops: peak }) {
  if (typeof reached !== "number") return "";
  return peak ? `${reached} of ${peak} TFLOPS, ${Math.round((100 * reached) / peak)} %` : `${reached} TFLOPS`;
}

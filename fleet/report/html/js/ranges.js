// Many names as few words, "gpu-[01-17,20]": what --limit takes for exactly these hosts.

const LAST_NUMBER = /^(.*?)([0-9]{1,9})([^0-9]*)$/;

/** The names with their last numbers drawn together; leading zeros are kept: [01-17] has two digits each. */
function ranges(names) {
  const cuts = names.map((name) => LAST_NUMBER.exec(name));
  const where = ([, before, digits, after], width) => JSON.stringify([before, after, width ? digits.length : 0]);
  const padded = new Set(
    cuts.filter((cut) => cut && cut[2].length > 1 && cut[2][0] === "0").map((cut) => where(cut, true)),
  );
  const together = new Map();
  names.forEach((name, place) => {
    const cut = cuts[place];
    const key = cut ? where(cut, padded.has(where(cut, true))) : name;
    if (!together.has(key)) together.set(key, []);
    together.get(key).push(cut ? cut.slice(1) : [name]);
  });
  return [...together].map(([key, cut]) => (cut.length === 1 ? cut[0].join("") : drawn(cut, JSON.parse(key)[2])));
}

function drawn(cuts, width) {
  const [before, , after] = cuts[0];
  const spans = [];
  for (const one of cuts.map(([, digits]) => Number(digits)).sort((a, b) => a - b)) {
    const last = spans[spans.length - 1];
    if (last && one === last[1] + 1) last[1] = one;
    else spans.push([one, one]);
  }
  const told = spans.map((span) => [...new Set(span)].map((one) => String(one).padStart(width, "0")).join("-"));
  return `${before}[${told.join(",")}]${after}`;
}

// The state in the address after #, so that a link shows what its sender saw. Unknown keys are ignored.

const KEYS = [...Object.keys(NOTHING), ...columns.map(([key]) => key)];

/** The state that an address asks for; what it cannot mean is as if it were not there. */
function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const found = {
    ...NOTHING,
    ...Object.fromEntries(KEYS.filter((key) => asked.has(key)).map((key) => [key, asked.get(key)])),
  };
  return {
    ...found,
    view: views().some((view) => view.key === found.view) ? found.view : NOTHING.view,
    status: found.status
      .split(",")
      .filter((name) => Object.hasOwn(statuses, name))
      .join(","),
    fold: found.fold === "0" ? "0" : "1",
  };
}

function toAddress() {
  const differs = KEYS.filter((key) => (state[key] || "") !== (NOTHING[key] || ""));
  return new URLSearchParams(differs.map((key) => [key, state[key] || ""])).toString();
}

/** Change the state, the address and what is shown. `typing`: no step for the back button. */
function ask(change, typing = false) {
  state = { ...state, ...change };
  const address = `#${toAddress()}`;
  if (address !== (location.hash || "#")) history[typing ? "replaceState" : "pushState"](null, "", address);
  draw();
}

/** The filters that are set, as [key, words]. */
function filters() {
  const words = {
    severity: "severity",
    code: "code",
    concern: "changes in",
    pending: "pending",
    group: "group",
    host: "host",
    q: "search",
  };
  const titles = Object.fromEntries(columns);
  const set = KEYS.filter((key) => state[key] && (key in words || key in titles));
  const chips = set.map((key) => [key, `${words[key] || titles[key]}: ${state[key]}`]);
  return state.status
    ? [
        [
          "status",
          `status: ${state.status
            .split(",")
            .map((one) => (statuses[one] || one).toLowerCase())
            .join(" or ")}`,
        ],
        ...chips,
      ]
    : chips;
}

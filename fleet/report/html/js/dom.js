// Elements are made node by node and filled with text nodes: nothing that a host said is ever read as markup.

/** An element. Values of `properties` are attributes, listeners where they are functions, left out where false or null. */
function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false && value !== null && value !== undefined)
      made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** An element of a drawing; attributes only. */
function drawing(name, properties, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** One of the document's symbols; a word beside it always says the same. */
const icon = (name) =>
  drawing("svg", { class: `icon ${name}`, "aria-hidden": "true" }, drawing("use", { href: `#s-${name}` }));

/** "1,234"; digits are grouped alike for every reader, since pages are passed on. */
const number = (value) => value.toLocaleString("en");

/** "1 host", "1,234 hosts". */
const counted = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

/** A table with a caption for screen readers; `heads` are texts or header cells. */
function table(properties, caption, heads, rows) {
  const cells = heads.map((head) => (typeof head === "string" ? element("th", { scope: "col" }, head) : head));
  return element(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
    element(
      "table",
      properties,
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, element("tr", {}, cells)),
      element("tbody", {}, rows),
    ),
  );
}

/** The first `step` of `items`, and a button for more, which presses itself when it comes into view. */
function inPieces(list, items, step, make, word) {
  let shown = 0;
  const more = element("button", { class: "more", type: "button", click: () => extend() });
  const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && extend(), {
    rootMargin: "400px",
  });
  function extend() {
    const next = items.slice(shown, shown + step);
    list.append(...next.map(make));
    shown += next.length;
    if (shown < items.length) {
      more.textContent = `Show ${number(Math.min(step, items.length - shown))} more of ${counted(items.length, word)}`;
      // Watched again, since an observer tells only of changes and the button may still be in view.
      watch.unobserve(more);
      watch.observe(more);
    } else {
      watch.disconnect();
      more.remove();
    }
    return next.length > 0;
  }
  extend();
  return { more: shown < items.length ? more : null, extend };
}

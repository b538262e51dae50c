// Light or dark: as the system has it, or as it was chosen.

const THEMES = ["auto", "light", "dark"];

function nextTheme() {
  return THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "auto") + 1) % THEMES.length];
}

/** Kept for the next page where the browser lets a page keep anything. */
function theme(name) {
  document.documentElement.dataset.theme = name;
  document.getElementById("theme").textContent = `Theme: ${name}`;
  try {
    localStorage.setItem("gpufleet-theme", name);
  } catch {
    /* A browser may forbid it; the choice then lasts as long as the page. */
  }
}

function keptTheme() {
  try {
    const kept = localStorage.getItem("gpufleet-theme");
    return THEMES.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}

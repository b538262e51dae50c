"""Puts the page together: its texts and data, the style and the scripts, and the policy that allows nothing else."""

import base64
import functools
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from fleet.report.html import data, shown
from fleet.report.html.data import Fold, Told
from fleet.report.model import Report, Status, counts
from schema import codes

HERE = Path(__file__).parent
# In this order: each may use what stands before it.
SCRIPTS = (
    *("dom", "read", "ranges", "filter", "address"),
    *("finding", "change", "detail", "hosts", "findings", "versions", "since"),
    *("theme", "keys", "frame", "main"),
)
# Hides what is for readers without JavaScript before any of it is drawn, and shows it again where the page's scripts,
# as in a browser too old for them, did not come to their end.
EARLY = """(function (root) {
  root.className = "js";
  document.addEventListener("DOMContentLoaded", function () {
    if (!root.dataset.ready) root.className = "";
  });
})(document.documentElement);"""
# So many folds are told with all their evidence where there is no JavaScript and in print; further ones in short.
WHOLE = 200
# The worst first.
STATUSES: dict[Status, str] = {
    "unhealthy": "Unhealthy",
    "drift": "Drift",
    "failed": "Failed",
    "unreachable": "Unreachable",
    "in-sync": "In sync",
}


class Segment(NamedTuple):
    """A part of the bar; `start` and `width` in percent."""

    status: Status
    title: str
    hosts: int
    start: float
    width: float


def page(report: Report) -> str:
    """The report as one HTML document that loads nothing. What hosts said is text in it, never markup."""
    told = data.folded(report)
    style, script = styles(), scripts()
    payload = data.payload(report, told) | {"codes": explained(told), "statuses": STATUSES}
    return template().render(
        report=report,
        title=shown.text(report.inventory),
        policy=policy(style, (EARLY, script)),
        style=Markup(style),  # noqa: S704 - our own file, as are the scripts.
        early=Markup(EARLY),  # noqa: S704
        script=Markup(script),  # noqa: S704
        payload=Markup(shown.embedded(payload)),  # noqa: S704 - no character in it means anything to HTML.
        segments=segments(report),
        statuses=STATUSES,
        folds=sorted(told.folds, key=lambda fold: list(STATUSES).index(status(fold))),
        whole=WHOLE,
        since=data.since(report),
    )


def status(fold: Fold) -> Status:
    return next(known for known in STATUSES if known == fold.detail["status"])


def segments(report: Report) -> tuple[Segment, ...]:
    """The bar, the worst first. A status that few hosts have is still wide enough to be seen."""
    found = {name: count for name, count in counts(report.hosts).items() if count}
    shares = {name: max(100 * found[name] / len(report.hosts), 0.8) for name in STATUSES if name in found}
    scale, start, made = 100 / (sum(shares.values()) or 1), 0.0, []
    for name, share in shares.items():
        made.append(Segment(name, STATUSES[name], found[name], round(start, 3), round(share * scale, 3)))
        start += share * scale
    return tuple(made)


def explained(told: Told) -> dict[str, dict[str, str]]:
    """What is known of each code that the report names."""
    named = {code for fold in told.folds for code in _codes(fold.detail)}
    entries = {code: codes.entry(code) for code in sorted(named)}
    return {code: entry.model_dump(exclude={"code"}) for code, entry in entries.items() if entry is not None}


def _codes(value: object) -> Iterable[str]:
    """Every text that stands under the key `code`, however deep."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [one] if key == "code" and isinstance(one, str) else _codes(one)
    elif isinstance(value, list):
        for one in value:
            yield from _codes(one)


def policy(style: str, made: Iterable[str]) -> str:
    """Content-Security-Policy (W3C CSP 3): our own style and scripts by hash, and nothing from anywhere.

    Trusted types without a policy forbid scripts every way to make markup of text.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {' '.join(_hash(one) for one in made)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def styles() -> str:
    return (HERE / "style.css").read_text(encoding="utf-8")


@functools.cache
def scripts() -> str:
    """All scripts in one function, so that nothing of them is reachable by name from outside."""
    parts = [(HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


@functools.cache
def template() -> jinja2.Template:
    made = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(HERE),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"named": named, "moment": moment}
    return made.get_template("page.html.j2")


def named(value: str, names: Sequence[str]) -> str:
    """A text with its host's name in it; of several hosts HOST stands for each."""
    return value.replace(shown.HOST, names[0] if len(names) == 1 else "HOST")


def moment(time: str) -> str:
    """ "2026-11-24 03:00:00 UTC" of "2026-11-24T03:00:00Z"; another offset stays as it is."""
    date, _, clock = shown.text(time).partition("T")
    return f"{date} {clock.replace('Z', ' UTC')}".strip()

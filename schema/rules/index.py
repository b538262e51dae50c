"""Where torch comes from: the index of a tag, or PyPI, which has one build of each release."""

from schema.host import HostSpec
from schema.rules import cards, proposal, wheels
from schema.rules.breach import Breach, Severity
from schema.rules.wheels import Asked


def served(spec: HostSpec) -> list[Breach]:
    """A pin with a tag needs the index of that tag; without an index, PyPI's build must be known and use the GPU."""
    return [breach for asked in wheels.torch(spec) for breach in _of(spec, asked)]


def _of(spec: HostSpec, asked: Asked) -> list[Breach]:
    if asked.local is not None:
        return _pinned(spec, asked, asked.local)
    has_gpu = any(card.models for card in cards.of(spec))
    if asked.tags != () or not asked.rows or not has_gpu or spec.mirrors.pypi is not None:
        return []
    row = asked.rows[0]
    default = row.default_for(spec.arch)
    if default is not None and default != "cpu":
        return []
    has = "is without CUDA" if default == "cpu" else "is of a CUDA that is not known"
    message = f"PyPI's wheel of PyTorch {row.version} for {spec.arch} {has}; an index would say which one is meant."
    hint = proposal.other_build(spec, asked, row) or proposal.modern(spec, asked)
    return [_breach(asked, message, hint, "warning")]


def _pinned(spec: HostSpec, asked: Asked, tag: str) -> list[Breach]:
    """PyPI takes no versions with a tag (PEP 440, local version identifiers); a mirror of it can hold what it likes."""
    if asked.tags is None or tag in asked.tags:
        return []
    if not asked.tags and spec.mirrors.pypi is not None:
        return []
    if asked.rows and tag not in asked.rows[0].builds:
        return []  # No index has them: `wheel.built` tells.
    where = f"the index of {cards.joined(asked.tags)} has" if asked.tags else "PyPI has"
    message = f"{asked.text!r} is asked for, and {where} no wheels of {tag}."
    return [_breach(asked, message, f"Write {proposal.index(spec, tag)}.", "error")]


def _breach(asked: Asked, message: str, hint: str, level: Severity) -> Breach:
    return Breach(code="CMP036", path=asked.path, message=message, hint=hint, severity=level, quotes=asked.quotes)

"""Whoever types what the hints say of PyTorch ends with an environment that is not refused, on any host."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schema import compat, rules
from schema.host import HostSpec
from schema.rules.breach import Breach
from tests.property.test_rules_advice import GPUS, errors

TAGS = sorted({tag for row in compat.torches() for tag in row.builds})
RELEASES = [
    f"{row.version}.{patch}" if row.version.count(".") == 1 else row.version
    for row in compat.torches()
    for patch in (0, 1)
]
PINS = st.sampled_from(RELEASES).map(lambda version: f"torch=={version}")
LOCAL = st.tuples(st.sampled_from(RELEASES), st.sampled_from(TAGS)).map(lambda one: f"torch=={one[0]}+{one[1]}")
WANTED = st.one_of(
    PINS, LOCAL, st.sampled_from(["torch", "torch>=2.7", "torch<2", "torch==2.*", "torch==99.0", "numpy"])
)
VISION = st.sampled_from([None, *(f"torchvision=={row.torchvision}.0" for row in compat.torches() if row.torchvision)])
HOSTS = st.fixed_dictionaries(
    {
        "gpus": st.lists(st.sampled_from(GPUS), max_size=2, unique=True),
        "python": st.sampled_from([None, "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]),
        "torch": WANTED,
        "vision": VISION,
        "tag": st.sampled_from([None, *TAGS]),
        "branch": st.sampled_from(["auto", *(str(row.number) for row in compat.branches())]),
        "arch": st.sampled_from(["x86_64", "x86_64", "aarch64"]),
    }
)


def spec(values: dict[str, Any]) -> HostSpec:
    pip: dict[str, object] = {"packages": [one for one in (values["torch"], values["vision"]) if one is not None]}
    if values["tag"] is not None:
        pip["indexes"] = [{"url": f"https://download.pytorch.org/whl/{values['tag']}", "packages": ["torch"]}]
    environment = {"pip": pip} | ({"python": values["python"]} if values["python"] is not None else {})
    return HostSpec.model_validate(
        {
            "name": "a",
            "ubuntu": "24.04",
            "arch": values["arch"],
            "gpus": [{"pci_id": gpu} if ":" in gpu else {"model": gpu} for gpu in values["gpus"]],
            "driver": {"branch": values["branch"]},
            "environments": {"ds": environment},
        }
    )


def told(one: HostSpec) -> list[Breach]:
    found = [breach for rule, _ in rules.WHOLE for breach in rule(one)]
    return [breach for breach in found if breach.severity == "error" and breach.code.startswith("CMP03")]


def typed(values: dict[str, Any], breach: Breach) -> dict[str, Any] | None:
    hint = (breach.hint or "").split(" Or write ")[0]
    changed = dict(values)
    if branch := re.search(r"Set driver\.branch: (\d+)", hint):
        changed["branch"] = branch[1]
    if python := re.search(r'python: "([\d.]+)"', hint):
        changed["python"] = python[1]
    if torch := re.search(r'"(torch==[^"]+)"', hint):
        changed["torch"] = torch[1]
        changed["vision"] = None if "other packages" in hint else values["vision"]
    if tag := re.search(r"/whl/(\w+)", hint):
        changed["tag"] = tag[1]
    if vision := re.search(r'"(torchvision==[^"]+)"', hint):
        changed["vision"] = vision[1]
    return changed if changed != values else None


@settings(max_examples=400, deadline=None)
@given(values=HOSTS)
def test_following_the_hints_ends_with_wheels_that_are_not_refused(values: dict[str, Any]) -> None:
    if any(breach.code in {"CMP001", "CMP006"} for breach in errors(spec(values))):
        return
    said: list[str] = []
    for _ in range(8):
        found = told(spec(values))
        if not found:
            return
        said.append(f"{found[0].code} {found[0].message} {found[0].hint}")
        if "No release that is known has a build" in (found[0].hint or ""):
            return
        after = typed(values, found[0])
        assert after is not None, said
        assert found[0].message not in [breach.message for breach in told(spec(after))], said
        values = after
    raise AssertionError(said)

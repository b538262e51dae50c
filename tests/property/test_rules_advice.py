"""Whoever types what the hints say ends with a host that is not refused; and no rule fails on any host."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from schema import compat, rules
from schema.host import HostSpec
from schema.rules.breach import Breach

GPUS = (
    "GTX 680",
    "Tesla K80",
    "GTX 980",
    "GTX 1080",
    "Tesla P100-PCIE-16GB",
    "Tesla V100-SXM2-16GB",
    "Tesla T4",
    "A100",
    "RTX 3090",
    "RTX 4090",
    "H100 80GB HBM3",
    "GH200 480GB",
    "B200",
    "B300",
    "RTX 5090",
    "GB10",
    "RTX 6000",
    "GT 730",
    "GTX 750 Ti",
    "RTX 3050",
    "a GPU of next year",
    "10de:1b80",
)
DRIVER = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(["nvidia", "ubuntu", "external"]),
        "branch": st.sampled_from(["auto", "999", "425", *(str(row.number) for row in compat.branches())]),
        "version": st.sampled_from(["580.95.05", "580.65.06", "570.86.16", "535.54.03", "470.82.01", "595.45.04"]),
        "modules": st.sampled_from(["auto", "open", "proprietary"]),
        "variant": st.sampled_from(["auto", "desktop", "server"]),
        "delivery": st.sampled_from(["auto", "dkms", "prebuilt"]),
        "fabric_manager": st.sampled_from(["auto", True, False]),
    },
)
TOOLKITS = st.lists(st.sampled_from([*compat.toolkits(), "13.0.2", "12.7", "99.9"]), max_size=3, unique=True)
CUDA = st.fixed_dictionaries(
    {"toolkits": TOOLKITS}, optional={"policy": st.sampled_from(["strict", "minor-compatible"])}
)
VERSIONS = st.sampled_from([*(row.version for row in compat.cudnns()), "9.10.2.21", "9.17", "9", "8", "99.1.1"])
CUDNN = VERSIONS.map(lambda version: {"version": version}) | st.dictionaries(
    st.sampled_from(["10", "11", "12", "13"]), VERSIONS, min_size=1, max_size=2
).map(lambda versions: {"versions": versions})
HOSTS = st.fixed_dictionaries(
    {
        "ubuntu": st.sampled_from(["18.04", "20.04", "22.04", "24.04", "26.04"]),
        "gpus": st.lists(st.sampled_from(GPUS), max_size=3, unique=True),
    },
    optional={
        "arch": st.sampled_from(["x86_64", "aarch64"]),
        "driver": st.just("none") | DRIVER,
        "cuda": CUDA,
        "cudnn": CUDNN,
        "mirrors": st.just({"cuda": {"url": "https://mirror/{distro}"}}),
        "platform": st.sampled_from(["generic", "jetson", "raspberry-pi"]),
    },
)


def spec(values: dict[str, object]) -> HostSpec:
    listed = values.get("gpus", [])
    gpus = [{"pci_id": gpu} if ":" in gpu else {"model": gpu} for gpu in listed] if isinstance(listed, list) else []
    return HostSpec.model_validate({"name": "a", **values, "gpus": gpus})


def errors(one: HostSpec) -> list[Breach]:
    found = rules.RULES + rules.GENERIC if one.platform == "generic" else rules.RULES
    return [breach for rule, _ in found for breach in rule(one) if breach.severity == "error"]


def typed(one: HostSpec, breach: Breach) -> HostSpec | None:
    """The host after the hint was followed; None where it does not say what to type."""
    values = one.model_dump(exclude_unset=True)
    driver = values.setdefault("driver", {})
    found = re.search(r"Set (driver)\.(\w+): ([\w.]+\w)", breach.hint or "")
    toolkit = re.search(r'Write "(\d+\.\d+)"', breach.hint or "")
    if found:
        driver[found[2]] = found[3]
        if found[2] == "branch":
            driver.pop("version", None)
    elif breach.path.startswith("cuda.toolkits") and (toolkit or "Delete the toolkit" in breach.hint or ""):
        index = breach.path.rsplit(".", 1)[1]
        kept = list(values["cuda"]["toolkits"])
        old = kept.pop(int(index)) if index.isdigit() else kept.pop(0)
        assert toolkit is None or toolkit[1] != old
        values["cuda"]["toolkits"] = [*kept, toolkit[1]] if toolkit and toolkit[1] not in kept else kept
    elif breach.path.startswith("cudnn.") and (several := re.search(r"Write version: (\{.*\})", breach.hint or "")):
        values["cudnn"] = {"versions": json.loads(several[1])}
    elif breach.path.startswith("cudnn.") and (single := re.search(r'Write "([\d.]+)"', breach.hint or "")):
        key = breach.path.rsplit(".", 1)[1]
        others = values["cudnn"].get("versions", {})
        values["cudnn"] = {"version": single[1]} if key == "version" else {"versions": {**others, key: single[1]}}
    elif breach.path.startswith("cudnn"):
        del values["cudnn"]
    elif "hosts of their own" in (breach.hint or ""):
        values["gpus"] = values["gpus"][:1]
    elif breach.code == "CMP054" and (board := re.search(r"Write one of: ([^,]+),", breach.hint or "")):
        position = int(breach.path.rsplit(".", 1)[1])
        values["gpus"] = [{"model": board[1]} if at == position else gpu for at, gpu in enumerate(values["gpus"])]
    elif breach.path.startswith("arch"):
        values["arch"] = "aarch64"
    else:
        return None
    return HostSpec.model_validate(values)


@settings(max_examples=400, deadline=None)
@given(values=HOSTS)
def test_following_the_hints_ends_with_a_host_that_is_not_refused(values: dict[str, object]) -> None:
    """One hint at a time, as a user would; each removes the breach that gave it."""
    one = spec(values)
    told: list[str] = []
    for _ in range(12):
        found = [breach for breach in errors(one) if breach.code.startswith("CMP")]
        if not found:
            return
        after = typed(one, found[0])
        told.append(f"{found[0].message} {found[0].hint}")
        assert after is not None, told
        same = [breach.message for breach in errors(after) if breach.code == found[0].code]
        assert found[0].message not in same, told
        one = after
    raise AssertionError(told)

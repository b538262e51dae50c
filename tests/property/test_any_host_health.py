"""Whatever a host prints, its ailments are told without an error, with evidence, and no command of a hint is its."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from facts import probe, snapshot
from schema import plan
from schema.driver import DriverSpec
from schema.gpu import GpuSpec
from schema.host import HostSpec
from tests.unit.test_facts_probe import printed

EVIL = "x;$(touch /pwned)`id`"
VERSIONS = st.sampled_from(
    ["580.95.05", "580.95.05-0ubuntu1", "570.86-0ubuntu0~gpu24.04.1", "1:9-9", "", EVIL, "5" * 60]
)
KERNELS = st.sampled_from(["6.8.0-51-generic", "6.8.0-52-generic", "6", EVIL, "-", "6.8.0-9-generic"])
PATHS = st.sampled_from(["/etc/apt/trusted.gpg", "/usr/share/keyrings/cuda-archive-keyring.gpg", f"/x/{EVIL}", "/", ""])
NAMES = st.sampled_from(
    ["libnvidia-compute-580", "nvidia-dkms-580-open", "nvidia-driver-535", "cuda-drivers", "linux-image-generic", EVIL]
)
URIS = st.sampled_from(
    [
        "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64/",
        "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu9999/sbsa",
        "file:///var/cuda-repo-ubuntu2004-12-4-local",
        "https://ppa.launchpadcontent.net/graphics-drivers/ppa/ubuntu",
        EVIL,
    ]
)


def lines(*parts: "st.SearchStrategy[str] | str") -> "st.SearchStrategy[str]":
    """Up to four lines of these parts, one after the other with a space between."""
    words = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.lists(st.tuples(*words).map(" ".join), max_size=4).map("\n".join)


def joined(*strategies: "st.SearchStrategy[str]") -> "st.SearchStrategy[str]":
    return st.tuples(*strategies).map("\n".join)


STATES = st.sampled_from(["ii ", "hi ", "iF ", "rc "])
SIZES = st.sampled_from(["9", "", "-"])
PACKAGE = st.tuples(NAMES, VERSIONS, STATES, st.just("amd64"), st.just("X <x@nvidia.com>"), SIZES)
SOURCE = st.tuples(PATHS, URIS).map(
    lambda pair: f"/etc/apt/sources.list.d/a.list:deb [signed-by={pair[0]}] {pair[1]} /"
)
BLACKLIST = 'Unattended-Upgrade::Package-Blacklist { "((a+)+)+$"; "nvidia-{99999}"; "[";'
SECTIONS: dict[str, "st.SearchStrategy[str]"] = {
    "host/texts": st.just('/etc/os-release:ID=ubuntu\n/etc/os-release:VERSION_ID="24.04"'),
    "gpu/devices": st.just("0000:01:00.0 0x10de 0x2901 0x030200 - 16 16\n0000:02:00.0 0x10de 0x22a3 0x068000 - 16 16"),
    "kernel/releases": joined(
        lines("running", KERNELS), lines("image", KERNELS), lines("kernel", KERNELS, "modules headers"),
        lines("later", KERNELS, PATHS), lines("nouveau-file", KERNELS), st.just("lockdown none [integrity]"),
    ),
    "kernel/keyring": lines("key", st.sampled_from(["a: b: X509.rsa 1 []", ":", EVIL, ": X509."])),
    "driver/dkms": joined(
        lines("version nvidia", VERSIONS), lines("built", KERNELS), lines("installed", VERSIONS),
        lines("log", PATHS), lines("x.c: error:", KERNELS),
    ),
    "driver/libraries": lines(VERSIONS.map(lambda one: f"/usr/lib/{EVIL}-linux-gnu/libcuda.so.{one}")),
    "driver/loader": lines(PATHS.map(lambda path: f"{path}:/usr/local/cuda/lib64/stubs")),
    "repository/packages": st.lists(PACKAGE.map("\t".join), max_size=8).map("\n".join),
    "repository/sources": st.lists(SOURCE, max_size=4).map("\n".join),
    "repository/exclusions": lines(BLACKLIST, 'APT::Periodic::Enable "', VERSIONS, '";'),
    "repository/modes": lines(st.sampled_from(["600", "9", "0"]), "root", st.sampled_from(["5", "9" * 30]), PATHS),
    "repository/dpkg": joined(lines("trusted", PATHS), lines("future", PATHS)),
    "host/disks": lines(st.sampled_from(["1", "0", "9" * 18]), st.sampled_from(["0", "1"]), "0 -", PATHS),
}  # fmt: skip
PARTS = st.tuples(*(text.map(lambda body, name=name: (name, body, "0")) for name, text in SECTIONS.items()))  # type: ignore[misc]
SPECS = [
    HostSpec(name="h", ubuntu="24.04", gpus=(GpuSpec(pci_id="10de:2901"),), driver=driver)
    for driver in (None, DriverSpec(source="external"), DriverSpec(source="ubuntu"))
]


@settings(max_examples=80, deadline=None)
@given(PARTS, st.sampled_from(SPECS))
def test_any_host_is_told_in_words_that_are_safe_to_paste(
    parts: tuple[tuple[str, str, str], ...], spec: HostSpec
) -> None:
    named = {name for name, _, _ in parts}
    rest = [(name, "", "0") for names in probe.SECTIONS.values() for name in names if name not in named]
    found = plan.diff(spec, snapshot.parse(probe.sections(printed(*parts, *rest))))
    for item in found.findings:
        assert item.evidence, item
        # Within single quotes no shell looks into it, and it has none itself.
        assert EVIL not in re.sub(r"'[^']*'", "", item.hint), item

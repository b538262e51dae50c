"""No rule fails on any host that the models admit, and none says what it does not know as if it did."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schema import compat, rules
from schema.host import HostSpec

NAMES = sorted({gpu.name for gpu in compat.data.gpus()})
BRANCHES = [str(row.number) for row in compat.branches()]
TOOLKITS = [*compat.toolkits(), "12.7", "13.0.9", "0.1", "99.99"]
CUDNNS = [*(row.version for row in compat.cudnns()), "9", "8", "1", "99.9.9.9.9"]
PACKAGES = [
    *(f"torch=={row.version}" for row in compat.torches()),
    "torch",
    "Torch[opt]>=2",
    "torch===2.8.0+cu126",
    "torch @ https://example.org/t.whl#sha256=" + "a" * 64,
    "torch==banana",
    "torchvision==0.23.0",
    "torchaudio==2.1",
]
INDEXES = ["https://download.pytorch.org/whl/cu126", "https://example.org/simple", "https://example.org/whl/rocm6.4/"]
DRIVERS = st.fixed_dictionaries(
    {
        "branch": st.sampled_from([*BRANCHES, "auto", "700", "100"]),
        "modules": st.sampled_from(["auto", "open", "proprietary"]),
        "source": st.sampled_from(["nvidia", "ubuntu", "external"]),
    },
    optional={"version": st.sampled_from(["580", "1.2.3", "580.95.05", "999.1"])},
)
PIP = st.fixed_dictionaries(
    {
        "packages": st.lists(st.sampled_from(PACKAGES), max_size=3),
        "indexes": st.lists(st.sampled_from(INDEXES).map(lambda url: {"url": url}), max_size=2),
    }
)
ENVIRONMENTS = st.fixed_dictionaries(
    {
        "python": st.sampled_from(["3", "2.7", "3.7", "3.12", "3.12.4"]),
        "packages": st.lists(st.sampled_from(["cuda-version=13.0", "cuda-version=11", "cudatoolkit>=1"]), max_size=2),
        "pip": PIP,
    }
)
HOSTS = st.fixed_dictionaries(
    {
        "name": st.just("a"),
        "ubuntu": st.sampled_from(["18.04", "20.04", "22.04", "24.04", "26.04"]),
        "arch": st.sampled_from(["x86_64", "aarch64"]),
        "platform": st.sampled_from(["generic", "generic", "jetson", "raspberry-pi"]),
        "gpus": st.lists(st.sampled_from(NAMES).map(lambda name: {"model": name}), max_size=3),
        "driver": st.just("none") | DRIVERS,
        "cuda": st.fixed_dictionaries({"toolkits": st.lists(st.sampled_from(TOOLKITS), max_size=3)}),
        "cudnn": st.sampled_from(CUDNNS).map(lambda version: {"version": version}),
        "environments": ENVIRONMENTS.map(lambda one: {"ds": one}),
    }
)


@settings(max_examples=300, deadline=None)
@given(values=HOSTS)
def test_every_rule_answers_in_words(values: dict[str, object]) -> None:
    try:
        one = HostSpec.model_validate(values)
    except ValueError:
        return  # A name of pci.ids that no host file can spell.
    for rule, _ in rules.RULES + rules.GENERIC + rules.WHOLE:
        for breach in rule(one):
            assert breach.message.endswith("."), breach
            assert "None" not in f"{breach.message} {breach.hint}", breach

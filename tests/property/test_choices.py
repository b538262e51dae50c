"""What `auto` comes to, for any GPUs, release, processor and source: no rule refuses it, and it is the same again."""

import random
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from schema import choose, compat, plan, rules
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.document import Node
from schema.driver import DriverSpec
from schema.environments import EnvironmentSpec, PipSpec
from schema.gpu import GpuSpec, GpuState, PciDevice
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.snapshot import Release, Snapshot

BOARDS = {gpu.name: gpu for gpu in compat.data.gpus() if gpu.pci_ids and compat.jetson(gpu.name) is None}
OWN = Node({}, "hosts/h.yaml", 1, 1, 1, 1)
# A rule that says "no driver for these GPUs together", and those that say that nothing can be chosen.
IMPOSSIBLE = {"CMP006", "CMP060"}
WHEELS = (
    ("3.12", ("torch",)),
    ("3.12", ("torch==2.8.0", "torchvision==0.23.0")),
    ("3.11", ("torch>=2.4,<2.10", "torchaudio")),
    ("3.8", ("torch==1.12.1", "torchvision==0.13.1", "torchaudio==0.12.1")),
    ("3.8", ("torch==1.7.1",)),
    ("3.6", ("torch==0.4.1",)),
)
unhurried = settings(deadline=None, max_examples=250)


@st.composite
def hosts(draw: st.DrawFn) -> HostSpec:
    """Hosts that leave everything open, with one to three GPUs of any kind."""
    names = draw(st.lists(st.sampled_from(sorted(BOARDS)), min_size=1, max_size=3, unique=True))
    count = draw(st.sampled_from((1, 2, 8)))
    python, asked = draw(st.sampled_from(WHEELS))
    wheels = PipSpec(packages=asked, auto=("torch", "torchvision", "torchaudio"))
    policy = draw(st.sampled_from(("minor-compatible", "strict")))
    spec = HostSpec(
        name="h",
        ubuntu=draw(st.sampled_from(("18.04", "20.04", "22.04", "24.04", "26.04"))),
        arch=draw(st.sampled_from(("x86_64", "aarch64"))),
        gpus=tuple(GpuSpec(model=name, count=count) for name in names),
        driver=DriverSpec(source=draw(st.sampled_from(("nvidia", "ubuntu")))),
        cuda=CudaSpec(auto=True, policy=policy),
        cudnn=CudnnSpec(auto=True),
        environments={"ds": EnvironmentSpec(python=python, pip=wheels)},
    )
    return choose.settled(spec, None)


def errors(spec: HostSpec) -> set[str]:
    """Codes of what is refused, of the rules about drivers, toolkits and wheels."""
    today = date(2026, 1, 1)
    found = [*rules.broken(spec, OWN, frozenset(), today), *rules.whole(spec, frozenset(), today)]
    return {one.code for one in found if one.severity == "error" and one.code.startswith("CMP")}


@unhurried
@given(hosts())
def test_no_rule_refuses_what_was_chosen(spec: HostSpec) -> None:
    choices = choose.choices(spec)
    open_ones = {path for path, choice in choices.items() if choice.value is None}
    assert errors(spec) <= (IMPOSSIBLE if open_ones else set()), (open_ones, errors(spec))
    assert bool(errors(spec)) == bool(open_ones), (open_ones, errors(spec))
    assert all(choice.reason and (choice.value or choice.hint) for choice in choices.values())


@unhurried
@given(hosts(), st.randoms(use_true_random=False))
def test_a_choice_is_the_same_again_and_in_any_order(spec: HostSpec, dice: random.Random) -> None:
    shuffled = list(spec.gpus or ())
    dice.shuffle(shuffled)
    turned = spec.model_copy(update={"gpus": tuple(shuffled)})
    assert choose.choices(turned) == choose.choices(spec)
    assert choose.settled(spec, None) == spec
    assert choose.settled(choose.declared(spec), None) == spec


@unhurried
@given(hosts())
def test_a_bare_host_with_those_gpus_gets_the_same_as_is_said_without_a_look(spec: HostSpec) -> None:
    devices = tuple(
        PciDevice(
            slot=f"0000:{index:02x}:00.0",
            vendor="10de",
            device=BOARDS[gpu.model or ""].pci_ids[0][5:],
            class_code="030200",
        )
        for index, gpu in enumerate(spec.gpus or ())
    )
    seen = Snapshot(
        hostname="h",
        release=Release(id="ubuntu", version=spec.ubuntu),
        architecture=spec.arch,
        kernel=KernelState(running="6.8.0-51-generic"),
        gpu=GpuState(devices=devices),
    )
    offline, there = choose.choices(spec), choose.choices(spec, seen)
    aside = {"driver.fabric_manager", "driver.variant"}  # NVSwitches are seen on the host only.
    vague = any(len(choose.gpus.products(gpu)) > 1 for gpu in spec.gpus or ())
    if not vague:
        assert {path: one for path, one in there.items() if path not in aside} == {
            path: one for path, one in offline.items() if path not in aside
        }
    assert plan.diff(spec, seen) == plan.diff(choose.settled(spec, seen), seen)

"""fleet.lock: what it says of a host, how a host that differs is found, and what is said of a damaged file."""

from pathlib import Path

import pytest

from fleet.lock import difference, stale, write
from fleet.lock.update import Update
from schema import conda, load, pins, plan
from schema.connection import ConnectionSpec
from schema.cuda import CudaSpec
from schema.driver import DriverSpec
from schema.fleet import Fleet
from schema.host import HostSpec
from schema.lock import inputs, read
from schema.lock.model import Lock, Locked, LockedHosts, LockedInstaller, LockedPackage, LockedRepository, PackageSet
from schema.lock.obey import ADDED, CHANGED, UNKNOWN, Obeyed
from schema.snapshot import Snapshot
from tests.property import model
from tests.unit.test_plan import DESK, NODE

HOST = 'ubuntu: "22.04"\ngpus: [H100 SXM]\ndriver: {branch: 580, modules: open}\ncuda: {toolkits: ["12.9"]}\n'
REPOSITORY = "nvidia 22.04 x86_64 https://mirror.example/cuda"


def row(version: str, digit: str = "a") -> LockedPackage:
    return LockedPackage(version=version, sha256=digit * 64, size=1)


def holding(spec: HostSpec, seen: Snapshot, **others: str) -> HostSpec:
    """The host locked to what `seen` has of the managed sets, but for these; "_" stands for "-" in their names."""
    versions = pins.pins(spec, seen) | {name.replace("_", "-"): version for name, version in others.items()}
    packages = {name: row(version) for name, version in versions.items()}
    return spec.model_copy(update={"locked": Locked(packages=packages)})


def older(spec: HostSpec, seen: Snapshot) -> HostSpec:
    """The host locked to an older version of its driver."""
    versions = {name: version.replace("580.95.05", "580.82.07") for name, version in pins.pins(spec, seen).items()}
    packages = {name: row(version) for name, version in versions.items()}
    return spec.model_copy(update={"locked": Locked(packages=packages)})


def lock(spec: HostSpec = NODE, version: str = "580.95.05-0ubuntu1", **values: object) -> Lock:
    sets: dict[str, PackageSet] = {
        "driver 580 open full": {"nvidia-open-580": row(version), "libnvidia-compute-580": row(version)},
        "cuda 12.9": {"cuda-toolkit-12-9": row("12.9.1-1")},
    }
    repository = LockedRepository(
        source="nvidia",
        release="22.04",
        arch="x86_64",
        url="https://mirror.example/cuda",
        fingerprints=("A" * 40,),
        date="Tue, 24 Nov 2026 10:00:00 UTC",
        sets=sets,
    )
    hosts = LockedHosts(hosts=(spec.name,), inputs=inputs.inputs(spec), sets={REPOSITORY: tuple(sorted(sets))})
    return Lock.model_validate({"hosts": (hosts,), "repositories": {REPOSITORY: repository}, **values})


@pytest.mark.parametrize("spec", [DESK, NODE], ids=["desk", "node"])
def test_a_host_that_has_the_locks_versions_is_in_sync(spec: HostSpec) -> None:
    seen = model.as_observed(spec)
    assert plan.diff(holding(spec, seen), seen).changes == ()


def test_an_installed_version_within_the_branch_moves_to_the_locks() -> None:
    seen = model.as_observed(NODE)
    found = {change.item: change for change in plan.diff(older(NODE, seen), seen).of("driver")}
    assert (found["nvidia-open-580"].observed, found["nvidia-open-580"].desired) == (
        "580.95.05-0ubuntu1",
        "580.82.07-0ubuntu1",
    )
    assert found["libnvidia-compute-580"].desired == "580.82.07-0ubuntu1"
    assert found["loaded module"].desired == "580.82.07 open"
    assert plan.diff(NODE, seen).changes == ()


def test_one_package_that_was_moved_by_hand_is_named_with_the_locks_version() -> None:
    seen = model.as_observed(NODE)
    locked = holding(NODE, seen)
    packages = dict(seen.apt.packages)
    packages["libcublas-12-9"] = packages["libcublas-12-9"].model_copy(update={"version": "12.9.99.9-1"})
    moved = seen.model_copy(update={"apt": seen.apt.model_copy(update={"packages": packages})})
    wanted = locked.locked_versions["libcublas-12-9"]
    assert [(change.item, change.desired) for change in plan.diff(locked, moved).of("cuda")] == [
        ("libcublas-12-9", wanted)
    ]


def test_what_the_lock_names_beyond_the_host_is_not_asked_for() -> None:
    seen = model.as_observed(NODE)
    locked = holding(NODE, seen, libnvidia_extra_580="580.95.05-0ubuntu1", cuda_demo_suite_12_9="12.9.1-1")
    assert plan.diff(locked, seen).changes == ()


def test_a_lock_for_another_branch_is_not_obeyed() -> None:
    seen = model.as_observed(NODE)
    other = NODE.model_copy(update={"locked": Locked(packages={"nvidia-open-580": row("570.195.03-0ubuntu1")})})
    assert plan.diff(other, seen).changes == ()


def test_the_locks_versions_are_what_preferences_pin() -> None:
    seen = model.as_observed(NODE)
    spec = older(NODE, seen)
    text = pins.preferences(pins.pins(spec, seen), spec)
    assert "Package: nvidia-open-580\nPin: version 580.82.07-0ubuntu1\n" in text


def test_a_drivers_set_of_the_archive_is_pinned_exactly_by_a_lock_only() -> None:
    spec = NODE.model_copy(update={"driver": DriverSpec(branch="580", source="ubuntu")})
    version = "580.95.05-0ubuntu0.22.04.1"
    locked = spec.model_copy(update={"locked": Locked(packages={"nvidia-driver-580": row(version)})})
    assert f"Pin: version {version}" not in pins.preferences({"nvidia-driver-580": version}, spec)
    assert f"Pin: version {version}" in pins.preferences({"nvidia-driver-580": version}, locked)


def test_who_logs_in_and_what_is_accepted_makes_no_lock_stale() -> None:
    other = NODE.model_copy(update={"connection": ConnectionSpec(address="10.0.0.9"), "reboot": "never"})
    assert inputs.inputs(other) == inputs.inputs(NODE)


def test_a_changed_toolkit_leaves_the_declared_driver_fresh() -> None:
    other = NODE.model_copy(update={"cuda": CudaSpec(toolkits=("12.8",))})
    before, after = inputs.inputs(NODE), inputs.inputs(other)
    assert before["driver"] == after["driver"]
    assert before["cuda"] != after["cuda"]
    # `auto` may come to another branch.
    desk = DESK.model_copy(update={"cuda": CudaSpec(toolkits=("12.9",))})
    assert inputs.inputs(desk)["driver"] != inputs.inputs(DESK)["driver"]


def test_what_changed_since_floats_and_the_rest_is_obeyed() -> None:
    answers = Obeyed(lock())
    assert sorted(answers.of(NODE).versions) == ["cuda-toolkit-12-9", "libnvidia-compute-580", "nvidia-open-580"]
    changed = answers.of(NODE.model_copy(update={"cuda": CudaSpec(toolkits=("12.8",))}))
    assert changed.stale == {"cuda": CHANGED}
    assert sorted(changed.versions) == ["libnvidia-compute-580", "nvidia-open-580"]
    assert set(answers.of(DESK).stale.values()) == {UNKNOWN}
    assert answers.of(NODE) is answers.of(NODE.model_copy())


def test_stale_hosts_are_told_with_the_reason() -> None:
    changed = NODE.model_copy(update={"cuda": CudaSpec(toolkits=("12.8",))})
    hosts = {"desk": DESK, "node": changed}
    fleet = Fleet(root=".", name="x", hosts=hosts, names=tuple(hosts), groups={})
    found = stale.stale(fleet, ("desk", "node"), lock(), whole=True)
    assert [(item.host, item.reason) for item in found] == [("desk", UNKNOWN), ("node", f"cuda: {CHANGED}")]
    assert stale.stale(fleet, ("node",), lock(changed), whole=True) == ()
    more = changed.model_copy(update={"cudnn": DESK.cudnn})
    fleet = Fleet(root=".", name="x", hosts={"node": more}, names=("node",), groups={})
    assert stale.stale(fleet, ("node",), lock(changed), whole=True)[0].concerns == {"cudnn": ADDED}


def test_a_lock_is_read_back_as_it_was_written_and_written_the_same() -> None:
    text = write.text(lock())
    assert read.parse(text.encode()) == lock()
    assert write.text(read.parse(text.encode())) == text


GOOD = write.text(lock())
BROKEN = [
    ("", "empty", 1),
    ("[]", "no mapping", 1),
    ("version: 2\n", "version 2; this gpufleet reads version 1", 1),
    ("# c\nversion: x\n", "version 'x'", 2),
    (GOOD.replace("version: 1", "version: true"), "version True", 3),
    (GOOD.replace("version: 1", "<<<<<<< HEAD\nversion: 1"), "unfinished merge", 3),
    (GOOD + "=======\n", "unfinished merge", GOOD.count("\n") + 1),
    (GOOD.replace("a" * 64, "a" * 63, 1), "sha256", None),
    (GOOD.replace("size: 1", "size: 1, more: 2", 1), "more", None),
    (GOOD + "strange: 1\n", "strange", GOOD.count("\n") + 1),
    (GOOD.replace("- node", "- node\n  - '../x'"), "hosts", 7),
    (GOOD.replace("  sets:", "  sets:\n    no such repository:\n    - driver 580", 1), "no set 'driver 580'", None),
    (GOOD.replace("driver 580 open full:", "driver 580 open fall:"), "no set 'driver 580 open full'", None),
    (GOOD.replace("- node", "- node\n  - &x a\n  - *x"), "alias", None),
    (GOOD + "version: 1\n", "twice", None),
    ("version: 1\nhosts: {\n", "no YAML", None),
    ("version: 1\n\x00", "no YAML", None),
    ("version: 1\nhosts: " + "[" * 3000, "no YAML", None),
]


@pytest.mark.parametrize(("text", "words", "line"), BROKEN)
def test_a_damaged_lock_is_named_with_its_line_and_the_way_out(text: str, words: str, line: int | None) -> None:
    with pytest.raises(read.Broken) as caught:
        read.parse(text.encode())
    problem = caught.value.problem
    assert (problem.code, problem.file) == ("INV050", "fleet.lock")
    assert words in problem.message
    assert "fleet lock" in (problem.hint or "")
    assert line is None or problem.line == line


def test_the_difference_is_told_once_for_hosts_that_change_alike() -> None:
    twins = NODE.model_copy(update={"name": "twin"})
    old, new = lock(), lock(version="580.105.08-0ubuntu1")
    both = [
        one.model_copy(update={"hosts": (one.hosts[0].model_copy(update={"hosts": ("node", twins.name)}),)})
        for one in (old, new)
    ]
    found = difference.between(*both)
    assert [item.hosts for item in found] == [("node", "twin")]
    assert [(move.item, move.old, move.new) for move in found[0].changes] == [
        ("libnvidia-compute-580", "580.95.05-0ubuntu1", "580.105.08-0ubuntu1"),
        ("nvidia-open-580", "580.95.05-0ubuntu1", "580.105.08-0ubuntu1"),
    ]
    assert difference.lines(found)[0] == "node, twin:"
    assert difference.between(old, old) == ()


def written(tmp_path: Path, text: str | None, *, required: bool, host: str = HOST) -> list[tuple[str, str]]:
    (tmp_path / "hosts").mkdir(exist_ok=True)
    (tmp_path / "hosts/node.yaml").write_text(host)
    (tmp_path / "fleet.yaml").write_text(f"require_lock: {str(required).lower()}\n")
    if text is not None:
        (tmp_path / "fleet.lock").write_text(text)
    return [(one.code, one.severity) for one in load.read(tmp_path).problems]


def test_a_lock_is_needed_only_where_it_is_required(tmp_path: Path) -> None:
    assert written(tmp_path, None, required=False) == []
    assert written(tmp_path, None, required=True) == [("INV052", "error")]
    # Nothing of this host could be locked.
    assert written(tmp_path, None, required=True, host='ubuntu: "22.04"\n') == []


def test_a_stale_lock_warns_and_is_an_error_where_it_is_required(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts/node.yaml").write_text(HOST)
    fresh = write.text(lock(load.read(tmp_path).hosts["node"]))
    assert written(tmp_path, fresh, required=True) == []
    changed = HOST.replace("12.9", "12.8")
    assert written(tmp_path, fresh, required=False, host=changed) == [("INV051", "warning")]
    assert written(tmp_path, fresh, required=True, host=changed) == [("INV052", "error")]
    (problem,) = load.read(tmp_path).problems
    assert (problem.file, problem.host) == ("hosts/node.yaml", "node")
    assert "cuda: changed since the lock" in problem.message
    assert load.read(tmp_path, locked=False).problems == ()


def test_the_installer_of_the_lock_is_the_one_to_run() -> None:
    url = conda.wanted(DESK).url  # type: ignore[union-attr]
    row = LockedInstaller(distribution="miniforge", version="25.3.1-0", arch="x86_64", url=url, sha256="b" * 64)
    spec = DESK.model_copy(update={"locked": Locked(installer=row)})
    assert conda.wanted(spec).sha256 == "b" * 64  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("names", "sets"),
    [
        ({"libnvidia-compute-580"}, {"driver 580 open full"}),
        ({"driver"}, {"driver 580 open full"}),
        ({"cuda"}, {"cuda 12.9"}),
        ({"cuda-toolkit-12-9", "nvidia-open-580"}, {"cuda 12.9", "driver 580 open full"}),
        ({"nvidia-open"}, set()),
    ],
)
def test_an_update_renews_the_sets_that_hold_a_name(names: set[str], sets: set[str]) -> None:
    update = Update(frozenset(names))
    (repository,) = lock().repositories.values()
    assert {name for name, packages in repository.sets.items() if update.set(name, packages)} == sets
    assert bool(update.missed) is (not sets)


def test_an_installer_is_renewed_by_its_concern_and_by_its_name() -> None:
    for name in ("conda", "miniforge"):
        update = Update(frozenset({name}))
        assert update.installer("miniforge") and not update.missed

"""Since when and why: which transaction explains a change, what evidence says of the boot, and what is left open."""

from datetime import datetime, timedelta, timezone

import pytest

from facts import history as facts
from facts import probe
from fleet.report import since
from fleet.report.model import HostReport
from schema.change import Change
from schema.driver import DriverState
from schema.gpu import GpuState, PciDevice
from schema.health import driver as health
from schema.health import findings
from schema.history import Action, HistoryState, Move, Transaction, cause
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.repository import AptState, Package
from schema.snapshot import Release, Snapshot

ZONE = timezone(timedelta(hours=1))
NAME = "libnvidia-compute-580"
A, B, C = "580.82.07-0ubuntu1", "580.95.05-0ubuntu1", "580.105.08-0ubuntu1"


def day(number: int, hour: int = 6) -> datetime:
    return datetime(2026, 11, number, hour, 25, tzinfo=ZONE)


def run(
    number: int, old: str | None, new: str | None, action: Action = "upgrade", name: str = NAME, **more: str
) -> Transaction:
    values = {"by": "apt-get", "command": "apt-get -y upgrade", **more}
    move = Move(name=name, action=action, old=old, new=new)
    return Transaction.model_validate({"time": day(number), "changes": [move], **values})


def host(
    *transactions: Transaction, installed: str | None = C, name: str = NAME, booted: datetime | None = None
) -> Snapshot:
    packages = {name: Package(name=name, version=installed, state="ii ", origin="nvidia")} if installed else {}
    return Snapshot(
        hostname="node",
        release=Release(id="ubuntu", version="24.04"),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0-51-generic", next_boot="6.8.0-51-generic"),
        gpu=GpuState(devices=(PciDevice(slot="0000:01:00.0", vendor="10de", device="1b80", class_code="030000"),)),
        apt=AptState(packages=packages),
        history=HistoryState(time=day(24), booted=booted, transactions=transactions),
    )


def change(observed: str | None = C, desired: str | None = B, item: str = NAME, concern: str = "driver") -> Change:
    return Change(concern=concern, item=item, observed=observed, desired=desired)


def test_the_transaction_that_led_to_what_is_there_is_the_cause() -> None:
    found = cause.cause(change(), host(run(14, B, C, by="unattended-upgrades"), run(2, A, B)))
    assert found is not None
    assert (found.time, found.since, found.by) == (day(14), day(14), "unattended-upgrades")
    assert (found.package, found.action, found.before, found.after) == (NAME, "upgrade", B, C)


def test_it_is_so_since_the_version_left_the_declared_one() -> None:
    found = cause.cause(change(desired=A), host(run(14, B, C), run(2, A, B), run(1, None, A, "install")))
    assert found is not None
    assert (found.since, found.time) == (day(2), day(14))
    gap = cause.cause(change(desired=A), host(run(14, B, C), run(1, None, A, "install")))
    assert gap is not None
    assert gap.since == day(14)


@pytest.mark.parametrize(
    ("newest", "installed"),
    [
        (run(14, A, B), C),  # Something that no log has came after it.
        (run(14, B, C, error="Sub-process /usr/bin/dpkg returned an error code (1)"), B),
        (run(14, C, None, "remove"), C),
        (run(14, B, C), None),
        (run(14, B, B, name=NAME), C),
    ],
)
def test_a_transaction_with_another_result_is_not_the_cause(newest: Transaction, installed: str | None) -> None:
    seen = host(newest, run(2, A, C), installed=installed)
    assert cause.cause(change(observed=installed), seen) is None


def test_a_removal_explains_what_is_absent_and_a_reinstallation_explains_nothing() -> None:
    gone = cause.cause(change(observed=None), host(run(14, B, None, "purge"), installed=None))
    assert gone is not None
    assert (gone.action, gone.before, gone.after) == ("purge", B, None)
    again = cause.cause(change(), host(run(20, C, C, "reinstall"), run(14, B, C)))
    assert again is not None
    assert again.time == day(14)


def test_a_package_that_is_only_half_configured_still_has_its_cause() -> None:
    seen = host(run(14, B, C, error="exit status 1"))
    broken = seen.apt.packages[NAME].model_copy(update={"state": "iF "})
    seen = seen.model_copy(update={"apt": AptState(packages={NAME: broken})})
    found = cause.cause(change(observed=f"{C} (not configured)"), seen)
    assert found is not None
    assert found.error == "exit status 1"


def test_missing_headers_are_explained_by_the_kernel_that_came_without_them() -> None:
    image = "linux-image-6.8.0-52-generic"
    seen = host(run(9, None, "6.8.0-52.53", "install", image), installed="6.8.0-52.53", name=image)
    found = cause.cause(change(None, "present", "linux-headers-6.8.0-52-generic", "kernel"), seen)
    assert found is not None
    assert (found.package, found.since) == (image, day(9))


def test_files_and_environments_have_no_cause_in_the_logs() -> None:
    seen = host(run(14, B, C))
    for item in ("/etc/apt/preferences.d/gpufleet", "ds/numpy"):
        assert cause.cause(change(item=item), seen) is None


def conda(*revisions: Transaction) -> Snapshot:
    seen = host()
    return seen.model_copy(update={"history": seen.history.model_copy(update={"environments": {"ds": revisions}})})


def test_a_package_of_an_environment_is_explained_by_conda_s_own_history() -> None:
    seen = conda(
        run(
            14,
            "2.2.6",
            "2.1.3",
            "downgrade",
            "scikit-learn",
            by="conda",
            command="/opt/conda/bin/conda install -qy numpy",
        ),
        run(1, None, "2.2.6", "install", "scikit-learn"),
    )
    moved = change("2.1.3", "2.2.6", "ds/scikit_learn", "environments")
    (one,) = cause.explained((moved,), seen)
    assert one.cause is not None
    assert (one.cause.by, one.cause.before, one.cause.after) == ("conda", "2.2.6", "2.1.3")
    line = "  since 2026-11-14 06:25 (10 days): conda install -qy numpy, scikit-learn 2.2.6 -> 2.1.3"
    assert text(one)[1] == line
    for other in (moved.model_copy(update={"observed": "2.1.4"}), moved.model_copy(update={"item": "x/scikit-learn"})):
        assert cause.cause(other, seen) is None


def mismatched(booted: datetime | None, *transactions: Transaction) -> Snapshot:
    state = DriverState(loaded_version="580.95.05", libraries=("580.105.08",))
    return host(*transactions, booted=booted).model_copy(update={"driver": state})


SPEC = HostSpec.model_validate({"name": "node", "ubuntu": "24.04", "gpus": [{"model": "GTX 1080"}], "driver": {}})
UPGRADE = run(14, B, C, by="unattended-upgrades", command="/usr/bin/unattended-upgrade")


def test_a_mismatch_says_when_it_booted_and_what_came_after() -> None:
    (found,) = health.running(SPEC, mismatched(day(2, 3), UPGRADE))
    line = "booted 2026-11-02 03:25, upgraded 2026-11-14 06:25 by unattended-upgrades: 580.95.05 -> 580.105.08"
    assert line in found.evidence.splitlines()
    assert found.hint == "reboot the host"


def test_a_boot_after_the_upgrade_is_not_mended_by_another_boot_alone() -> None:
    (found,) = health.running(SPEC, mismatched(day(20, 3), UPGRADE))
    assert "booted 2026-11-20 03:25, upgraded 2026-11-14 06:25" in found.evidence
    assert "update-initramfs" in found.hint


def test_of_a_mismatch_that_no_log_explains_nothing_is_claimed() -> None:
    (found,) = health.running(SPEC, mismatched(day(2, 3), run(14, A, B)))
    assert "booted 2026-11-02 03:25; when the driver was changed is not in apt's logs" in found.evidence
    assert "upgraded" not in found.evidence
    (found,) = health.running(SPEC, mismatched(None))
    assert "booted" not in found.evidence


def test_the_loaded_module_is_explained_by_what_moved_user_space() -> None:
    found = cause.cause(change("580.95.05 open", "580.105.08 open", "loaded module"), mismatched(day(2), UPGRADE))
    assert found is not None
    assert (found.package, found.time) == (NAME, day(14))
    agreed = mismatched(day(2), UPGRADE).model_copy(update={"driver": DriverState(loaded_version="580.95.05")})
    assert cause.cause(change(item="loaded module"), agreed) is None


def test_findings_about_packages_name_their_transactions() -> None:
    seen = host(run(14, B, C, user="ann (1000)", error="dpkg (1)"))
    broken = seen.apt.packages[NAME].model_copy(update={"state": "iF "})
    seen = seen.model_copy(update={"apt": AptState(packages={NAME: broken})})
    (found,) = [item for item in findings(SPEC, seen, ()) if item.code == "GPU144"]
    line = f"2026-11-14 06:25 apt-get -y upgrade (asked by ann (1000)): {NAME} {B} -> {C}; it ended with: dpkg (1)"
    assert found.evidence.splitlines() == [f"{NAME} {C} (iF)", line]


def test_a_branch_that_a_package_of_another_name_brought_says_since_when() -> None:
    (found,) = [
        item
        for item in findings(SPEC, host(run(14, B, "590.44.01-1"), installed="590.44.01-1"), ())
        if item.code == "GPU214"
    ]
    assert found.evidence.splitlines()[-1] == f"2026-11-14 06:25 apt-get -y upgrade: {NAME} {B} -> 590.44.01-1"


def test_a_driver_that_is_not_loaded_says_when_it_came() -> None:
    state = DriverState(libraries=("580.105.08",))
    seen = host(run(14, None, C, "install")).model_copy(update={"driver": state})
    (found,) = [item for item in findings(SPEC, seen, ()) if item.code == "GPU111"]
    assert f"2026-11-14 06:25 apt-get -y upgrade: {NAME} absent -> {C}" in found.evidence


def test_the_kernel_that_has_no_module_says_when_it_came() -> None:
    image = "linux-image-6.8.0-52-generic"
    seen = host(run(9, None, "6.8.0-52.53", "install", image), installed="6.8.0-52.53", name=image)
    state = seen.kernel.model_copy(update={"next_boot": "6.8.0-52-generic"})
    seen = seen.model_copy(update={"kernel": state, "driver": DriverState(libraries=("580.95.05",))})
    (found,) = [item for item in findings(SPEC, seen, ()) if item.code == "GPU116"]
    assert f"2026-11-09 06:25 apt-get -y upgrade: {image} absent -> 6.8.0-52.53" in found.evidence.splitlines()


def text(*changes: Change, not_seen: tuple[str, ...] = ()) -> list[str]:
    host = HostReport(host="node", status="drift", changes=changes, not_seen=not_seen, seen="2026-11-24T06:00:00Z")
    return [line for piece in since.changes(host) for line in piece]


def test_the_report_says_since_when_below_the_change_and_the_same_thing_once() -> None:
    seen = host(UPGRADE)
    (one,) = cause.explained((change(),), seen)
    other = one.model_copy(update={"item": "libnvidia-gl-580", "cause": one.cause})
    shown = text(one, one.model_copy(update={"disruption": "reboot"}), other)
    line = f"  since 2026-11-14 06:25 (10 days): unattended-upgrades, {B} -> {C}"
    assert shown[1] == line
    assert shown.count(line) == 1
    assert f"{NAME} {B} -> {C}" in shown[-1]


def test_what_the_logs_do_not_know_is_said_once_and_not_where_they_were_not_read() -> None:
    many = [change(item=f"libnvidia-x{number}") for number in range(5)]
    line = "since when: not in apt's logs (libnvidia-x0, libnvidia-x1, libnvidia-x2 and 2 more)"
    assert text(*many)[-1] == line
    assert text(*many, not_seen=("history/packages",))[-1] != line
    states = [change("off", "on", "persistence"), change(None, "present"), change("x", "y", "/etc/a"), change(C, None)]
    assert not [line for line in text(*states) if "since when" in line]


def test_a_hosts_text_stays_on_its_line() -> None:
    bad = run(14, B, C, by="x\x1b[2J\n", command="x\x1b[2J\n " + "y" * 9000, user="a\nb")
    (one,) = cause.explained((change(),), host(bad))
    assert one.cause is not None
    (_, line) = text(one)
    assert line.isprintable()
    assert len(line) < 300


LOCAL = "'/etc/localtime' -> '/usr/share/zoneinfo/"


@pytest.mark.parametrize(
    ("clock", "time", "upgrade"),
    [
        (f"+0100 {LOCAL}Europe/Berlin'", "2026-11-24T03:00:00+01:00", "2026-07-14T06:25:03+02:00"),
        (f"-0330 {LOCAL}America/St_Johns'", "2026-11-24T03:00:00-03:30", "2026-07-14T06:25:03-02:30"),
        # A copied file, a zone of a newer world, and one whose rules here do not agree with the host's clock.
        ("+0545 '/etc/localtime'", "2026-11-24T03:00:00+05:45", "2026-07-14T06:25:03+05:45"),
        (f"+0100 {LOCAL}Mars/Olympus'", "2026-11-24T03:00:00+01:00", "2026-07-14T06:25:03+01:00"),
        (f"+0300 {LOCAL}Europe/Berlin'", "2026-11-24T03:00:00+03:00", "2026-07-14T06:25:03+03:00"),
        (f"+0100 {LOCAL}../../../etc/passwd'", "2026-11-24T03:00:00+01:00", "2026-07-14T06:25:03+01:00"),
    ],
)
def test_times_have_the_offset_that_the_hosts_zone_had_then(clock: str, time: str, upgrade: str) -> None:
    offset, _, link = clock.partition(" ")
    log = ["Start-Date: 2026-07-14  06:25:03", "Upgrade: nvidia-utils-580:amd64 (1, 2)"]
    found = facts.parse(
        probe.Sections(
            {
                "history/clock": (
                    "uptime 86400.50",
                    "first S 0 0 0 0 -1 4194560 1 1 0 4 1 5 1 2 10 -10 1 0 200 1 1",
                    f"at 2026-11-24 03:00:00.403169260 {offset} '/proc/self/stat'",
                    f"at 2026-05-09 07:28:50.000000000 {offset} {link}",
                ),
                "history/packages": tuple(log),
            },
            {},
        )
    )
    assert found.time is not None
    assert found.booted is not None
    assert (found.time.isoformat(), found.transactions[0].time.isoformat()) == (time, upgrade)
    assert found.time - found.booted == timedelta(seconds=86398)


def test_logs_that_took_too_long_are_not_seen() -> None:
    assert facts.unseen(probe.Sections({"history/packages": ("@gzip 124",)}, {})) == {"history/packages"}

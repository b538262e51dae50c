"""fleet lock against real HTTP servers and gpg signatures, honest ones and lying ones."""

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet import index, trust, web
from fleet.errors import RunError
from fleet.lock import write
from fleet.lock.make import Maker
from fleet.lock.update import Update
from schema import load
from schema.lock import read
from tests.engine.conftest import ROOT
from tests.engine.repository import DATE, Keys, Site, driver, package, serving, toolkit

pytestmark = pytest.mark.skipif(
    not (shutil.which("gpg") and shutil.which("gpgv")), reason="needs gpg and gpgv: apt-get install gnupg"
)
FLEET = str(Path(sys.executable).with_name("fleet"))
NODE = "ubuntu: '22.04'\ngpus: [H100 SXM]\ndriver: {branch: 580, modules: open}\ncuda: {toolkits: ['12.9']}\n"
OLD, NEW = "580.82.07", "580.95.05"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Keys, str, str]]:
    made = Keys(tmp_path_factory.mktemp("keys") / "home")
    key, fingerprint = made.make("one@example.org")
    made.make("two@example.org")
    yield made, key, fingerprint
    made.end()


@pytest.fixture
def site(keys: tuple[Keys, str, str]) -> Iterator[Site]:
    with serving(Site(keys[0])) as made:
        made.publish(*driver(OLD), *toolkit("12.9", "12.9.0"))
        yield made


class Fleet:
    """An inventory folder and the command that locks it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.cache = folder, cache

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.cache), "NO_PROXY": "*"}
        command = [FLEET, "lock", str(self.folder), *words]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)

    @property
    def lock(self) -> bytes:
        return (self.folder / "fleet.lock").read_bytes()

    def host(self, name: str, text: str = NODE) -> None:
        (self.folder / "hosts" / f"{name}.yaml").write_text(text)


@pytest.fixture
def fleet(site: Site, keys: tuple[Keys, str, str], tmp_path: Path) -> Fleet:
    folder = tmp_path / "inventory"
    (folder / "hosts").mkdir(parents=True)
    (folder / "keys").mkdir()
    (folder / "keys/mirror.asc").write_text(keys[1])
    mirror = f'{{url: "{site.url}", keys: [{{file: keys/mirror.asc, fingerprint: "{keys[2]}"}}]}}'
    (folder / "fleet.yaml").write_text(f"defaults:\n  mirrors:\n    cuda: {mirror}\n")
    made = Fleet(folder, tmp_path / "cache")
    made.host("node")
    return made


def moves(done: "subprocess.CompletedProcess[str]") -> dict[str, tuple[str | None, str | None]]:
    document = json.loads(done.stdout)
    return {one["item"]: (one["old"], one["new"]) for group in document["hosts"] for one in group["changes"]}


def test_the_lock_has_version_and_hash_of_every_package_of_the_sets(fleet: Fleet) -> None:
    done = fleet()
    assert done.returncode == 0, done.stderr
    lock = read.parse(fleet.lock)
    (repository,) = lock.repositories.values()
    assert repository.date == DATE
    drivers = repository.sets["driver 580 open full"]
    assert sorted(drivers) == [
        "libnvidia-compute-580",
        "libnvidia-extra-580",
        "nvidia-driver-580-open",
        "nvidia-open-580",
        "nvidia-persistenced",
    ]
    paragraph = next(item for item in driver(OLD) if item.startswith("Package: libnvidia-compute-580\n"))
    assert f"SHA256: {drivers['libnvidia-compute-580'].sha256}\n" in paragraph
    assert sorted(repository.sets["cuda 12.9"]) == ["cuda-nvcc-12-9", "cuda-toolkit-12-9"]
    assert sorted(repository.sets["cuda shared"]) == ["cuda-toolkit-config-common"]
    assert load.read(fleet.folder).hosts["node"].locked_versions["nvidia-open-580"] == f"{OLD}-0ubuntu1"


def test_the_same_input_gives_the_same_file(fleet: Fleet) -> None:
    fleet()
    first = fleet.lock
    assert "up to date" in fleet().stdout
    assert "up to date" in fleet("--update").stdout
    assert fleet.lock == first
    (fleet.folder / "fleet.lock").unlink()
    fleet()
    assert fleet.lock == first


def test_a_lock_that_answers_everything_asks_nobody(fleet: Fleet, site: Site) -> None:
    fleet()
    site.asked.clear()
    assert fleet().returncode == 0
    assert fleet("--check").returncode == 0
    assert site.asked == []


def test_what_is_locked_stays_and_what_is_new_is_resolved(fleet: Fleet, site: Site) -> None:
    fleet()
    site.publish(*driver(OLD), *driver(NEW), *toolkit("12.9", "12.9.1"), *toolkit("12.8", "12.8.1"))
    fleet.host("twin")
    fleet.host("other", NODE.replace("12.9", "12.8"))
    done = fleet("--format", "json")
    assert done.returncode == 0, done.stderr
    lock = read.parse(fleet.lock)
    assert [group.hosts for group in lock.hosts] == [("node", "twin"), ("other",)]
    (repository,) = lock.repositories.values()
    assert repository.sets["driver 580 open full"]["nvidia-open-580"].version == f"{OLD}-0ubuntu1"
    assert repository.sets["cuda 12.9"]["cuda-toolkit-12-9"].version == "12.9.0-1"
    assert repository.sets["cuda 12.8"]["cuda-toolkit-12-8"].version == "12.8.1-1"
    assert not any(old for old, _ in moves(done).values())


def test_an_update_moves_the_whole_set_of_a_package_and_no_other(fleet: Fleet, site: Site) -> None:
    fleet()
    site.publish(*driver(OLD), *driver(NEW), *toolkit("12.9", "12.9.1"))
    before = fleet.lock
    dry = fleet("--update", "libnvidia-compute-580", "--dry", "--format", "json")
    assert fleet.lock == before
    done = fleet("--update", "libnvidia-compute-580", "--format", "json")
    assert (
        moves(done)
        == moves(dry)
        == dict.fromkeys(
            [
                "libnvidia-compute-580",
                "libnvidia-extra-580",
                "nvidia-driver-580-open",
                "nvidia-open-580",
                "nvidia-persistenced",
            ],
            (f"{OLD}-0ubuntu1", f"{NEW}-0ubuntu1"),
        )
    )
    text = fleet("--update", "cuda").stdout
    assert "node:\n  cuda cuda-nvcc-12-9: 12.9.0-1 -> 12.9.1-1\n" in text


def test_an_update_of_nothing_that_is_locked_is_an_error(fleet: Fleet) -> None:
    fleet()
    before = fleet.lock
    done = fleet("--update", "nvidia-open-570")
    assert (done.returncode, fleet.lock) == (1, before)
    assert "RUN307" in done.stderr


def test_a_host_that_is_gone_leaves_the_lock_and_a_limit_leaves_the_others(fleet: Fleet, site: Site) -> None:
    fleet.host("other", NODE.replace("branch: 580, modules: open", "branch: 580"))
    fleet()
    fleet.host("other", NODE.replace("12.9", "12.8"))
    assert fleet("--limit", "node").returncode == 0
    assert "cuda: changed" in fleet("--check").stdout
    (fleet.folder / "hosts/other.yaml").unlink()
    check = fleet("--check", "--format", "json")
    assert (check.returncode, json.loads(check.stdout)["stale"][0]["host"]) == (2, "other")
    fleet()
    assert [group.hosts for group in read.parse(fleet.lock).hosts] == [("node",)]


def test_one_hosts_file_leaves_the_others_in_the_lock(fleet: Fleet) -> None:
    fleet.host("other")
    fleet()
    fleet.host("other", NODE.replace("12.9", "12.8"))
    before = fleet.lock
    fleet.folder = fleet.folder / "hosts/node.yaml"
    assert "up to date" in fleet().stdout
    fleet.folder = fleet.folder.parents[1]
    assert fleet.lock == before


def test_a_check_without_a_lock_is_stale_and_with_a_broken_one_cannot_tell(fleet: Fleet) -> None:
    assert fleet("--check").returncode == 2
    (fleet.folder / "fleet.lock").write_text("version: 1\n<<<<<<< HEAD\n")
    broken = fleet("--check")
    assert broken.returncode == 1
    assert "fleet.lock:2" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert fleet().returncode == 1
    assert (fleet.folder / "fleet.lock").read_text() == "version: 1\n<<<<<<< HEAD\n"


def test_ubuntus_archive_is_read_pocket_by_pocket(fleet: Fleet, site: Site) -> None:
    """The newest of the branch over all pockets; kernel packages follow the kernel and are not locked."""

    def archive(version: str) -> list[str]:
        full = f"{version}-0ubuntu0.22.04.1"
        return [
            package("nvidia-driver-580-server-open", full, f"libnvidia-gl-580-server (= {full})"),
            package("libnvidia-gl-580-server", full),
            package("nvidia-dkms-580-server-open", full),
            package("nvidia-driver-580-open", full),
            package("linux-modules-nvidia-580-server-open-generic", "5.15.0-1.2+1"),
        ]

    site.suite("jammy", main=[package("nvidia-settings", "470.57.01-0ubuntu3")], restricted=archive("580.65.06"))
    site.suite("jammy-updates", main=[], restricted=archive("580.95.05"))
    text = (fleet.folder / "fleet.yaml").read_text()
    (fleet.folder / "fleet.yaml").write_text(text + text.split("mirrors:\n")[1].replace("cuda:", "ubuntu:"))
    fleet.host("node", NODE.split("cuda:")[0].replace("branch:", "source: ubuntu, variant: server, branch:"))
    done = fleet()
    assert done.returncode == 0, done.stderr
    lock = read.parse(fleet.lock)
    assert [(name.split()[0], row.rots) for name, row in lock.repositories.items()] == [("ubuntu", None)]
    found = lock.repositories[f"ubuntu 22.04 x86_64 {site.url}"].sets["driver 580 open full server"]
    assert {name: row.version.split("-")[0] for name, row in found.items()} == {
        "libnvidia-gl-580-server": "580.95.05",
        "nvidia-dkms-580-server-open": "580.95.05",
        "nvidia-driver-580-server-open": "580.95.05",
        "nvidia-settings": "470.57.01",
    }


def test_without_a_keyring_or_a_declared_key_the_archive_is_not_trusted(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fleet.host("node", NODE.split("cuda:")[0].replace("branch:", "source: ubuntu, branch:"))
    monkeypatch.setattr(trust, "UBUNTU_KEYRING", tmp_path / "none.gpg")
    error = made(fleet)
    assert error is not None
    assert (error.code, "ubuntu-keyring" in str(error), "mirrors.ubuntu.keys" in str(error)) == ("RUN306", True, True)


def changed(site: Site) -> None:
    site.publish(*driver(NEW), *toolkit("12.9", "12.9.1"))


def unsigned(site: Site) -> None:
    site.publish(*driver(NEW), *toolkit("12.9", "12.9.1"), users=("two@example.org",))


def tampered(site: Site) -> None:
    answer = site.answers["/InRelease"]
    assert isinstance(answer, bytes)
    site.answers["/InRelease"] = answer.replace(b"Origin: NVIDIA", b"Origin: NVIDIB")


def stripped(site: Site) -> None:
    site.answers["/InRelease"] = b"Origin: NVIDIA\nSHA256:\n 00 1 Packages.gz\n"


def other_packages(site: Site) -> None:
    changed(site)
    site.answers["/Packages.gz"] = gzip.compress(package("nvidia-open-580", "580.99.99-0ubuntu1").encode())


def half_written(site: Site) -> None:
    old = site.answers["/Packages.gz"]
    changed(site)
    site.answers["/Packages.gz"] = old


def shortened(site: Site) -> None:
    changed(site)
    answer = site.answers["/Packages.gz"]
    assert isinstance(answer, bytes)
    site.answers["/Packages.gz"] = answer[:-20]


def broken_off(site: Site) -> None:
    changed(site)
    site.cut.add("/Packages.gz")


def no_gzip(site: Site) -> None:
    site.release(b"this is no gzip")
    site.answers["/Packages.gz"] = b"this is no gzip"


def older(site: Site) -> None:
    site.publish(*driver(NEW), *toolkit("12.9", "12.9.1"), date="Sun, 01 Nov 2026 10:00:00 UTC")


def expired(site: Site) -> None:
    site.publish(*driver(NEW), *toolkit("12.9", "12.9.1"), extra="Valid-Until: Mon, 01 Nov 2021 10:00:00 UTC\n")


def away(site: Site) -> None:
    site.answers["/InRelease"] = 404


def failing(site: Site) -> None:
    site.answers["/InRelease"] = 500


def busy(site: Site) -> None:
    site.answers["/InRelease"] = 503


def without_hashes(site: Site) -> None:
    site.publish(*(item.split("SHA256")[0] for item in (*driver(NEW), *toolkit("12.9", "12.9.1"))))


def another_branch(site: Site) -> None:
    site.publish(*driver("570.172.08", "570"), *toolkit("12.9", "12.9.1"))


LIES: list[tuple[Callable[[Site], None], str, str]] = [
    (unsigned, "RUN301", "not signed by the declared key"),
    (tampered, "RUN301", "InRelease"),
    (stripped, "RUN301", "not signed"),
    (other_packages, "RUN302", "sha256"),
    (half_written, "RUN302", "sha256"),
    (shortened, "RUN302", "bytes of"),
    (broken_off, "RUN300", "ended after"),
    (no_gzip, "RUN302", "unpacked"),
    (older, "RUN303", "Sun, 01 Nov 2026"),
    (expired, "RUN303", "2021-11-01"),
    (away, "RUN300", "HTTP 404"),
    (failing, "RUN300", "HTTP 500"),
    (busy, "RUN300", "HTTP 503, also when asked again"),
    (without_hashes, "RUN302", "SHA256"),
    (another_branch, "RUN304", "nvidia-open-570"),
]


@pytest.mark.parametrize(("lie", "code", "words"), LIES, ids=[lie.__name__ for lie, _, _ in LIES])
def test_a_mirror_that_lies_or_fails_leaves_the_old_lock_as_it_was(
    fleet: Fleet, site: Site, lie: Callable[[Site], None], code: str, words: str
) -> None:
    fleet()
    before = fleet.lock, sorted(fleet.folder.iterdir())
    lie(site)
    done = fleet("--update")
    assert done.returncode == 1
    assert done.stderr.startswith(code), done.stderr
    assert site.url in done.stderr
    assert words in done.stderr
    assert "(fleet.lock is as it was)" in done.stderr
    assert "Traceback" not in done.stderr
    assert (fleet.lock, sorted(fleet.folder.iterdir())) == before


def test_what_auto_chose_and_a_mirror_lacks_is_told_with_what_it_has(fleet: Fleet) -> None:
    fleet.host("node", NODE.replace("branch: 580, modules: open", "modules: open").replace("'12.9'", "auto"))
    done = fleet()
    assert done.returncode == 1
    assert done.stderr.startswith("RUN304")
    assert "auto chose it; declare cuda yourself" in done.stderr
    assert "cuda-toolkit-12-9" in done.stderr


def test_a_mirror_that_is_down_is_named(fleet: Fleet, site: Site) -> None:
    text = (fleet.folder / "fleet.yaml").read_text()
    (fleet.folder / "fleet.yaml").write_text(text.replace(site.url, "http://127.0.0.1:9"))
    done = fleet()
    assert done.returncode == 1
    assert "RUN300 http://127.0.0.1:9/InRelease: Connection refused" in done.stderr
    assert not (fleet.folder / "fleet.lock").exists()


def test_a_second_signature_by_an_unknown_key_does_no_harm(fleet: Fleet, site: Site) -> None:
    site.publish(*driver(NEW), *toolkit("12.9", "12.9.1"), users=("one@example.org", "two@example.org"))
    assert fleet().returncode == 0


def made(fleet: Fleet) -> RunError | None:
    """Lock in this process; the error that it ends in."""
    found = load.read(fleet.folder, locked=False)
    try:
        Maker(found, found.names, None, Update()).lock()
    except RunError as error:
        return error
    return None


def test_a_slow_mirror_ends_in_time(fleet: Fleet, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(web, "DEADLINE_SECONDS", -1)
    error = made(fleet)
    assert error is not None
    assert error.code == "RUN300"
    assert "not there after" in str(error)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    fleet: Fleet, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "LARGEST_TEXT", 2 * 2**20)
    packed = gzip.compress(bytes(64 * 2**20), mtime=0)
    site.release(packed)
    site.answers["/Packages.gz"] = packed
    error = made(fleet)
    assert error is not None
    assert (error.code, "more than 2 MiB" in str(error)) == ("RUN302", True)


def test_an_encrypted_mirror_may_not_lead_to_an_unencrypted_one() -> None:
    answer = index.requests.Response()
    answer.status_code, answer.url = 302, "https://mirror.example/InRelease"
    answer.headers["location"] = "http://elsewhere.example/InRelease"
    with pytest.raises(web.UnknownIndex, match="not encrypted"):
        web.session(None, {}).hooks["response"][0](answer)


def test_a_run_that_is_killed_while_it_writes_leaves_the_old_lock(fleet: Fleet) -> None:
    fleet()
    before = fleet.lock
    (fleet.folder / "fleet.lock").chmod(0o640)
    child = os.fork()
    if child == 0:
        write.os.fsync = lambda _file: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        write.write(fleet.folder, "half of a lock")
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert fleet.lock == before
    write.write(fleet.folder, "whole")
    assert (fleet.lock, oct((fleet.folder / "fleet.lock").stat().st_mode)[-3:]) == (b"whole", "640")
    assert sorted(path.name for path in fleet.folder.iterdir()) == ["fleet.lock", "fleet.yaml", "hosts", "keys"]


def test_ctrl_c_waits_for_no_mirror(fleet: Fleet, site: Site) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        text = (fleet.folder / "fleet.yaml").read_text()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (fleet.folder / "fleet.yaml").write_text(text.replace(site.url, address))
        process = subprocess.Popen(
            [FLEET, "lock", str(fleet.folder)],
            env=os.environ | {"NO_PROXY": "*"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        silent.settimeout(60)
        accepted, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        accepted.close()
    assert (process.returncode, said.strip()) == (130, "interrupted")
    assert not (fleet.folder / "fleet.lock").exists()


@pytest.mark.parametrize(
    "command", [["fleet", "drift"], ["fleet", "plan"], ["pyinfra", "--dry"]], ids=lambda words: words[0]
)
def test_without_a_lock_versions_are_said_to_float(fleet: Fleet, command: list[str]) -> None:
    fleet.host("node", NODE + "connection: {address: 127.0.0.1, port: 9}\n")
    words = [str(Path(FLEET).with_name(command[0])), *command[1:], str(fleet.folder)]
    words += ["deploys/gpu.py"] if command[0] == "pyinfra" else []

    def told() -> bool:
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
        assert done.returncode == 1
        text = f"no fleet.lock: versions float; fleet lock {fleet.folder} pins them"
        assert text not in done.stdout
        return text in done.stderr

    assert told()
    assert fleet().returncode == 0
    assert not told()

"""What holds for every fleet.lock: written and read it is the same, and damaged it is refused in words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.lock import difference, write
from schema.environments.model import ExplicitPackage, PinnedPackage
from schema.lock import read
from schema.lock.model import (
    Lock,
    LockedEnvironment,
    LockedHosts,
    LockedInstaller,
    LockedPackage,
    LockedRepository,
    PackageSet,
)

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
DIGEST = st.text("0123456789abcdef", min_size=16, max_size=16)
NAME = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,12}", fullmatch=True)
VERSION = st.from_regex(r"[0-9][A-Za-z0-9.+:~-]{0,12}", fullmatch=True)
HOST = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
SET = st.sampled_from(["driver 580 open full", "cuda 12.9", "cuda shared", "cudnn 9.10.2 cuda 12"])
URL = st.sampled_from(["https://mirror.example/a", "https://mirror.example/b?x=1&y=2"])


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    rows = st.builds(LockedPackage, version=VERSION, sha256=HEX, size=st.integers(0, 10**10))
    sets: dict[str, PackageSet] = draw(st.dictionaries(SET, st.dictionaries(NAME, rows, max_size=4), min_size=1))
    url = draw(URL)
    key = f"nvidia 24.04 x86_64 {url}"
    repository = LockedRepository(
        source="nvidia",
        release="24.04",
        arch="x86_64",
        url=url,
        fingerprints=("A" * 40,),
        date="Mon, 02 Nov 2026 10:00:00 UTC",
        rots=draw(st.none() | st.just("they vanish: soon")),
        sets=dict(sorted(sets.items())),
    )
    conda = ExplicitPackage(url=f"{url}/n-1-0.conda", name="n", version="1.0", build="0", sha256=draw(HEX))
    wheel = PinnedPackage(name="w", version="1.0+cu126", hashes=(draw(HEX),))
    environments = {"ds linux-64 0": LockedEnvironment(platform="linux-64", packages=(conda,), pip=(wheel,))}
    installer = LockedInstaller(distribution="miniforge", version="1-0", arch="x86_64", url=url, sha256=draw(HEX))
    names = draw(st.lists(HOST, min_size=1, max_size=4, unique=True))
    hosts = LockedHosts(
        hosts=tuple(sorted(names)),
        inputs=draw(st.dictionaries(st.sampled_from(["cuda", "driver", "environments.ds"]), DIGEST)),
        choices=draw(st.dictionaries(st.just("driver.branch"), st.sampled_from(["580", "on", "1e3", "0x10"]))),
        sets={key: tuple(sorted(sets))},
        installer="miniforge",
        environments={"ds": "ds linux-64 0"},
    )
    return Lock(
        hosts=(hosts,), repositories={key: repository}, installers={"miniforge": installer}, environments=environments
    )


@given(locks())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back_and_written_the_same(lock: Lock) -> None:
    text = write.text(lock)
    assert read.parse(text.encode()) == lock
    assert write.text(read.parse(text.encode())) == text
    assert difference.between(lock, lock) == ()


@given(locks(), st.data())
@settings(max_examples=80, deadline=None)
def test_a_damaged_lock_is_read_or_refused_in_words(lock: Lock, data: st.DataObject) -> None:
    text = bytearray(write.text(lock).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        text[start:end] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"\n", b"&a ", b"*a", b"{", b"- ", b"\t", b"!!x "])
        )
    try:
        read.parse(bytes(text))
    except read.Broken as broken:
        assert broken.problem.code == "INV050"
        assert broken.problem.hint

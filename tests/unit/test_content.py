"""Files that a host names: environment.yml, requirements, locks, keys and certificates."""

from pathlib import Path

import pytest

from schema import load, openpgp
from schema.environments import EnvironmentSpec
from tests.unit.test_load_refusals import CONDA, problems

LAB_KEY = Path(__file__).parents[2] / "inventory" / "keys" / "lab-archive.asc"
LAB_CA = Path(__file__).parents[2] / "inventory" / "keys" / "lab-ca.pem"
MD5 = "0" * 32
SHA = "a" * 64
LOCK = f"""# platform: linux-64
@EXPLICIT
https://conda.anaconda.org/conda-forge/linux-64/python-3.11.9-hb806964_0_cpython.conda#{MD5}
https://conda.anaconda.org/conda-forge/noarch/ca-certificates-2025.1.31-hbcca054_0.tar.bz2#sha256:{SHA}
"""
YML = """name: ignored
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - numpy>=1.26
  - pip
  - pip:
    - torch==2.8.0
prefix: /home/me/envs/ds
"""


def environment(tmp_path: Path, keys: str, **files: str) -> EnvironmentSpec:
    named = {"hosts/a.yaml": f"{CONDA}environments: {{e: {{{keys}}}}}\n", **files}
    assert problems(tmp_path, named) == []
    found = load.fleet(tmp_path).hosts["a"].environments["e"]
    assert isinstance(found, EnvironmentSpec)
    return found


def test_environment_yml_gives_python_channels_packages_and_pip(tmp_path: Path) -> None:
    found = environment(tmp_path, "file: environments/e.yml", **{"environments/e.yml": YML})
    assert (found.python, found.channels) == ("3.11", ("conda-forge", "nodefaults"))
    assert (found.packages, found.pip.wanted) == (("numpy>=1.26", "pip"), ("torch==2.8.0",))


def test_requirements_are_read_with_comments_continuations_and_includes(tmp_path: Path) -> None:
    pinned = f"numpy==1.26.4 \\\n  --hash=sha256:{SHA}  # pinned\n"
    text = f"# base\n-r more.txt\n\n{pinned}scikit_learn[extra]>=1.5; python_version<'4'\n"
    files = {"environments/e.txt": text, "environments/more.txt": "requests==2.32.3\n"}
    found = environment(tmp_path, "pip: {requirements: environments/e.txt}", **files)
    assert found.pip.wanted[0] == "requests==2.32.3"
    assert found.pip.wanted[1].split() == ["numpy==1.26.4", f"--hash=sha256:{SHA}"]
    assert found.pip.wanted[2] == "scikit_learn[extra]>=1.5; python_version<'4'"


def test_a_lock_gives_each_package_with_its_hash(tmp_path: Path) -> None:
    python, certificates = environment(tmp_path, "lock: environments/e.lock", **{"environments/e.lock": LOCK}).explicit
    assert (python.name, python.version, python.build, python.md5) == ("python", "3.11.9", "hb806964_0_cpython", MD5)
    assert (certificates.name, certificates.version, certificates.sha256) == ("ca-certificates", "2025.1.31", SHA)


BAD = [
    ("file: e.yml", "e.yml", "dependencies:\n- numpy\nvariables: {A: b}\n", "INV023", 3, "'variables'"),
    ("file: e.yml", "e.yml", "dependencies:\n- {conda: [x]}\n", "INV023", 2, "`pip:`"),
    ("file: e.yml", "e.yml", "dependencies: numpy\n", "INV023", 1, "not a list"),
    ("file: e.yml", "e.yml", "dependencies:\n- '$(id)'\n", "INV023", 2, "not a package"),
    ("file: e.yml", "e.yml", "dependencies:\n- pip:\n  - -e .\n", "INV024", 3, "-e"),
    ("file: e.yml", "e.yml", "a: b\na: c\n", "INV006", 2, "second time"),
    ("file: gone.yml", "e.txt", "", "INV022", 3, "no such file"),
    ("pip: {requirements: r.txt}", "r.txt", "numpy\n--index-url https://x/simple\n", "INV024", 2, "pip.indexes"),
    ("pip: {requirements: r.txt}", "r.txt", "--extra-index-url=https://u:p@x\n", "INV024", 1, "pip.indexes"),
    ("pip: {requirements: r.txt}", "r.txt", "-e .\n", "INV024", 1, "wheel"),
    ("pip: {requirements: r.txt}", "r.txt", "./local\n", "INV024", 1, "a path or a URL"),
    ("pip: {requirements: r.txt}", "r.txt", "git+https://x/y\n", "INV024", 1, "a path or a URL"),
    ("pip: {requirements: r.txt}", "r.txt", "x @ https://h/x.whl\n", "INV024", 1, "sha256"),
    ("pip: {requirements: r.txt}", "r.txt", "a\nb $(id)\n", "INV024", 2, "not a requirement"),
    ("pip: {requirements: r.txt}", "r.txt", "a --config-settings=x\n", "INV024", 1, "--hash"),
    ("pip: {requirements: r.txt}", "r.txt", "-r r.txt\n", "INV024", 1, "includes itself"),
    ("pip: {requirements: r.txt}", "r.txt", "-r ../../etc/passwd\n", "INV022", 1, "outside"),
    ("lock: l", "l", "https://h/linux-64/a-1-0.conda\n", "INV025", 1, "@EXPLICIT"),
    ("lock: l", "l", "@EXPLICIT\nhttps://h/linux-64/a-1-0.conda\n", "INV025", 2, "no md5 or sha256"),
    ("lock: l", "l", "@EXPLICIT\nnumpy=1\n", "INV025", 2, "not the URL"),
    ("lock: l", "l", f"@EXPLICIT\nhttps://u:hunter2@h/linux-64/a-1-0.conda#{MD5}\n", "INV025", 2, "credentials"),
    ("lock: l", "l", "@EXPLICIT\n", "INV025", 1, "no package"),
]


@pytest.mark.parametrize(("keys", "name", "text", "code", "line", "words"), BAD)
def test_a_file_that_cannot_be_used_is_refused_at_its_line(
    tmp_path: Path, keys: str, name: str, text: str, code: str, line: int, words: str
) -> None:
    host = f"{CONDA}environments: {{e: {{{keys}}}}}\n"
    found = problems(tmp_path, {"hosts/a.yaml": host, name: text})[0]
    assert (found.code, found.line, found.host) == (code, line, "a")
    assert words in f"{found.message} {found.hint}"
    assert "hunter2" not in found.text()


def test_fingerprints_are_those_that_gpg_shows() -> None:
    wanted = (LAB_KEY.parents[2] / "lab" / "keys" / "fingerprint").read_text().strip()
    assert openpgp.fingerprints(LAB_KEY.read_bytes()) == (wanted,)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no OpenPGP public key"),
        (b"hello", "not OpenPGP"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n", "private"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END PGP PUBLIC KEY BLOCK-----\n", "damaged"),
        (b"\xc6\xff\x00\x00\x00\x09\x04", "cut off"),
        (b"\xc6\x01\x03", "version other than 4"),
    ],
)
def test_what_is_no_public_key_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        openpgp.fingerprints(data)


def test_a_ca_bundle_is_read_and_a_private_key_in_it_refused(tmp_path: Path) -> None:
    host = CONDA + "ca_bundle: ca.pem\n"
    pem = LAB_CA.read_text()
    assert problems(tmp_path, {"hosts/a.yaml": host, "ca.pem": pem}) == []
    assert load.fleet(tmp_path).hosts["a"].ca_pem == pem
    secret = pem + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    for text, words in ((secret, "private key"), ("hello\n", "no certificate"), (pem[:80], "no certificate")):
        found = problems(tmp_path, {"ca.pem": text})[0]
        assert (found.code, found.path) == ("INV027", "ca_bundle")
        assert words in found.message

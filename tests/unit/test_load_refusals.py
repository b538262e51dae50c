"""Every careless or hostile file is refused at its exact place, with words that help."""

from pathlib import Path

import pytest

from schema import fields, load, reference
from schema.conda import CondaSpec
from schema.errors import InvalidInventory, Problem

OK = 'ubuntu: "24.04"\n'
CONDA = OK + "conda: {version: 25.3.1-0}\n"


def problems(tmp_path: Path, files: dict[str, str | bytes]) -> list[Problem]:
    """What is wrong with an inventory of these files."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        return list(load.fleet(tmp_path).problems)
    except InvalidInventory as error:
        return error.problems


def first(tmp_path: Path, content: str | bytes) -> Problem:
    return problems(tmp_path, {"hosts/desk.yaml": content})[0]


SHAPE = [
    ("", "INV010 1:1", "the file is empty"),
    ("# only a comment\n", "INV010 1:1", "the file is empty"),
    ("- a\n", "INV010 1:1", "no mapping"),
    ("~\n", "INV010 1:1", "no mapping"),
    (OK + "gpus: [GTX 1080]\ngpus: []\n", "INV006 3:1", "first is in line 2"),
    (OK + "driver:\n\tbranch: 580\n", "INV005 3:1", "tab"),
    (OK + "driver:\n  \tbranch: 580\n", "INV005 3:3", "tab"),
    (OK + "---\n" + OK, "INV007 2:1", "second document"),
    ("ubuntu: !!python/object/apply:os.system ['id']\n", "INV008 1:9", "!!python/object/apply:os.system"),
    ("ubuntu: !!str 24.04\n", "INV008 1:9", "!!str"),
    ("a: &a [x]\nb: *a\n", "INV009 1:4", "anchor 'a'"),
    ("<<: {ubuntu: x}\n", "INV009 1:1", "merge keys"),
    (b"ubuntu: \xff\n", "INV004 1:9", "0xff"),
    ("ubuntu: 24.04\n".encode("utf-16"), "INV004 1:1", "not UTF-8"),
    (OK + "driver: {branch: 5\x0780}\n", "INV004 2:19", "U+0007"),
    (OK + "# \u202e evil\n", "INV004 2:3", "U+202E"),
    ("a: " + "[" * 25 + "]" * 25 + "\n", "INV011 1:23", "20 levels"),
    (OK + "driver: {branch: 580\n", "INV005 2:9", "not closed"),
    (OK + "driver: 'none\n", "INV005 2:9", "never closed"),
    (OK + "driver:\n  branch: 580\n version: 1\n", "INV005 4:2", "does not fit"),
    (OK + "gpus: @x\n", "INV005 2:7", "cannot begin"),
    (OK + "driver: branch: 580\n", "INV005 2:15", "no key can be"),
    (OK + "driver: {branch: {{ b }}}\n", "INV005 2:19", "a key has to be one word"),
    (OK + ": x\n", "INV005 2:1", "does not fit"),
    (OK + "driver:\n", "INV012 2:8", "no value"),
    (OK + "driver: {branch: ~}\n", "INV012 2:18", "auto or a branch number"),
    (OK + "driver: null\n", "INV012 2:9", "Write none or a mapping"),
    (OK + "gpsu: []\n", "INV013 2:1", "Did you mean 'gpus'?"),
    (OK + "driver: {brnach: 580}\n", "INV013 2:10", "Did you mean 'branch'?"),
    (OK + "toolkits: ['12.9']\n", "INV013 2:1", "belongs under 'cuda'"),
    (OK + "zzzz: 1\n", "INV013 2:1", "nearest is"),
    (OK + "name: x\n", "INV013 2:1", "file's name"),
    (OK + "connection: {local: true}\n", "INV013 2:14", "unknown key 'local'"),
    (OK + "cuda: {absent: ['11.8']}\n", "INV013 2:8", "unknown key 'absent'"),
    ("gpus: [GTX 1080]\n", "INV014 1:1", 'Add ubuntu: "24.04"'),
    (OK + "conda: {}\n", "INV014 2:8", "Add version: 25.3.1-0."),
    (OK + "connection: Local\n", "INV015 2:13", "possible: the word local or a mapping"),
    (OK + "connection: Local\n", "INV015 2:13", "Write local."),
    (OK + "connection: 10.0.0.1\n", "INV015 2:13", "Write {address: 10.0.0.1}."),
    (OK + "driver: 580\n", "INV016 2:9", "Write {branch: 580}."),
    (OK + "cuda: 12.9\n", "INV016 2:7", 'Write {toolkits: ["12.9"]}.'),
    (OK + "cuda: ['12.9']\n", "INV015 2:7", "got a list"),
    (OK + "gpus: GTX 1080\n", "INV015 2:7", "Write [GTX 1080]."),
    (OK + "cuda: {toolkits: [{'11.8': gone}]}\n", "INV015 2:19", "a CUDA version"),
    (OK + "docker: {}\n", "INV090 2:1", "not yet supported"),
    (OK + "kernel: {version: 6.8.0-51.52}\n", "INV090 2:19", "not yet supported"),
    (OK + "kernel: {hold: true}\n", "INV090 2:16", "not yet supported"),
    (OK + "platform: jetson\n", "INV040 2:11", "l4t"),
    (OK + "platform: jetson\nl4t: R36.4\n", "INV016 3:6", "R36.4"),
]


@pytest.mark.parametrize(("content", "place", "words"), SHAPE)
def test_a_file_of_the_wrong_shape_is_refused_at_its_place(
    tmp_path: Path, content: str | bytes, place: str, words: str
) -> None:
    found = first(tmp_path, content)
    assert f"{found.code} {found.line}:{found.column}" == place
    assert words in f"{found.message} {found.hint}"
    assert (found.file, found.severity) == ("hosts/desk.yaml", "error")


VALUES = [
    ("driver: {branch: 5700}\n", "driver.branch", "18", "auto or a branch number such as 580"),
    ("driver: {modules: opne}\n", "driver.modules", "19", "Did you mean 'open'?"),
    ("driver: {persistence: no}\n", "driver.persistence", "23", "got 'no'; possible: true or false"),
    ("driver: {persistence: 'true'}\n", "driver.persistence", "23", "without quotes"),
    ("driver: {fabric_manager: yes}\n", "driver.fabric_manager", "26", "auto, true or false"),
    ("driver: {version: true}\n", "driver.version", "19", "got true"),
    ("driver: nvidia\n", "driver", "9", "none or a mapping"),
    ('driver: {version: "580.95.05\\n"}\n', "driver.version", "19", "numbers with dots"),
    ("gpus: [{model: GTX 1080, count: two}]\n", "gpus.0.count", "33", "a whole number"),
    ("gpus: [{model: GTX 1080, count: 0}]\n", "gpus.0.count", "33", "at least 1"),
    ("gpus: [{model: GTX 1080, count: 2.0}]\n", "gpus.0.count", "33", "a whole number"),
    ("gpus: ['$(id)']\n", "gpus.0.model", "8", "a GPU's name"),
    ("gpus: [{pci_id: '1b80'}]\n", "gpus.0.pci_id", "17", "10de:1b80"),
    ("cuda: {toolkits: ['12']}\n", "cuda.toolkits.0", "19", "a CUDA version such as 12.9"),
    ("cuda: {toolkits: [-12.9]}\n", "cuda.toolkits.0", "19", "a CUDA version"),
    ("cudnn: {version: {'12': 'x;y'}}\n", "cudnn.version.12", "25", "numbers with dots"),
    ("conda: {version: '25.3.1-0; rm -rf /'}\n", "conda.version", "18", "letters, digits"),
    ("conda: {version: -25}\n", "conda.version", "18", "letter or digit first"),
    ("conda: {version: 25.3.1-0, prefix: /}\n", "conda.prefix", "36", "belongs to the system"),
    ("conda: {version: 25.3.1-0, prefix: /usr/}\n", "conda.prefix", "36", "belongs to the system"),
    ("conda: {version: 25.3.1-0, prefix: /etc/conda}\n", "conda.prefix", "36", "belongs to the system"),
    ("conda: {version: 25.3.1-0, prefix: /opt/../etc}\n", "conda.prefix", "36", "'..'"),
    ("conda: {version: 25.3.1-0, prefix: '/opt/$(id)'}\n", "conda.prefix", "36", "absolute path"),
    ("conda: {version: 25.3.1-0, prefix: /opt/./conda}\n", "conda.prefix", "36", "'.'"),
    ("conda: {version: 25.3.1-0, owner: '-x'}\n", "conda.owner", "35", "user name"),
    ("conda: {version: 25.3.1-0, mode: 755}\n", "conda.mode", "34", '"0755"'),
    ("conda: {version: 25.3.1-0, sha256: abc}\n", "conda.sha256", "36", "64 digits"),
    ("environments: {'-x': absent}\n", "environments.-x", "16", "letter or digit first"),
    ("environments: {a: {python: '3.11;id'}}\n", "environments.a.python", "28", "a Python version"),
    ("environments: {a: {packages: ['--channel x']}}\n", "environments.a.packages.0", "31", "a conda package"),
    ('environments: {a: {packages: ["a\\nb"]}}\n', "environments.a.packages.0", "31", "a conda package"),
    ("environments: {a: {packages: ['numpy; rm -rf /']}}\n", "environments.a.packages.0", "31", "a conda package"),
    ("environments: {a: {file: ../../etc/passwd}}\n", "environments.a.file", "26", "'..'"),
    ("environments: {a: {lock: /etc/passwd}}\n", "environments.a.lock", "26", "inside the inventory folder"),
    ("mirrors: {conda: 'https://x/`id`'}\n", "mirrors.conda", "18", "a URL"),
    ("mirrors: {conda: 'ftp://x'}\n", "mirrors.conda", "18", "a URL"),
    ("proxy: {no_proxy: ['a; id']}\n", "proxy.no_proxy.0", "20", "a network"),
    ("connection: {address: '-oProxyCommand=id'}\n", "connection.address", "23", "a host name"),
    ("connection: {key: '-i'}\n", "connection.key", "19", "a path such as"),
    ("connection: {key: ../id}\n", "connection.key", "19", "inventory folder"),
    ("connection: {user: 'a b'}\n", "connection.user", "20", "a user name"),
    ("connection: {port: 70000}\n", "connection.port", "20", "at most 65535"),
    ("connection: {timeout: 0}\n", "connection.timeout", "23", "at least 1"),
    ("accept: [{code: GPU001, reason: x, until: 2027-13-01}]\n", "accept.0.until", "43", "a date such as"),
    ("accept: [{code: GPU999, reason: x, until: 2999-01-01}]\n", "accept.0.code", "17", "there is no code GPU999"),
    ("kernel: {flavour: 'generic;id'}\n", "kernel.flavour", "19", "kernel flavour"),
    ("kernel: {version: '6.8 $(id)'}\n", "kernel.version", "19", "package version"),
]


@pytest.mark.parametrize(("content", "path", "column", "words"), VALUES)
def test_a_value_that_is_not_possible_is_refused_at_its_place(
    tmp_path: Path, content: str, path: str, column: str, words: str
) -> None:
    found = first(tmp_path, OK + content)
    assert (found.code, found.path, f"{found.line}:{found.column}") == ("INV016", path, f"2:{column}")
    assert words in f"{found.message} {found.hint}"
    assert "pydantic" not in found.text() and "pattern" not in found.text()


@pytest.mark.parametrize("version", ["23.10", "24.4", "noble", "6.06"])
def test_an_unsupported_release_names_the_supported_ones(tmp_path: Path, version: str) -> None:
    found = first(tmp_path, f"ubuntu: {version}\n")
    assert found.code == "INV016"
    assert "18.04, 20.04, 22.04, 24.04 or 26.04" in found.message


def test_every_pattern_of_a_key_has_words_of_its_own() -> None:
    """Nobody is shown a regular expression, and only requirements have the general words."""
    general = {
        path
        for path, model, name in reference.paths()
        if fields.DEFAULT_WORDS in fields.words(fields.annotation(model, name))
    }
    assert general == set()


SECRETS = [
    "proxy: {http: 'http://user:hunter2@proxy:3128'}\n",
    "connection: {sudo_password: hunter2}\n",
    "connection: {sudo_password: {env: 'hunter2 x'}}\n",
    "connection: {sudo_password: {hunter2: x}}\n",
    "connection: {sudo_password: {hunter2: x, env: SUDO}}\n",
    "connection: {password: hunter2}\n",
    "mirrors: {pypi: 'https://token:hunter2@pypi.example/simple'}\n",
    "environments: {a: {channels: ['https://conda.example/t/hunter2/main']}}\n",
    "environments: {a: {pip: {packages: ['x @ https://u:hunter2@h/x.whl']}}}\n",
    "environments: {a: {pip: {packages: ['git+https://hunter2@h/x']}}}\n",
    "environments: {a: {pip: {indexes: [{url: 'https://u:hunter2@x/simple'}]}}}\n",
]


@pytest.mark.parametrize("content", SECRETS)
def test_a_secret_in_the_clear_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    found = problems(tmp_path, {"hosts/desk.yaml": CONDA + content})
    assert any(problem.severity == "error" for problem in found)
    assert "hunter2" not in " ".join(problem.text() for problem in found)


def test_a_control_character_in_a_key_does_not_reach_the_terminal(tmp_path: Path) -> None:
    found = first(tmp_path, OK + '"a\\e[31m\\nb": 1\n')
    assert found.text().isprintable()
    assert "a\\x1b[31m\\nb: unknown key" in found.text()


def test_a_folder_of_conda_may_end_in_a_slash(tmp_path: Path) -> None:
    problems(tmp_path, {"hosts/desk.yaml": OK + "conda: {version: 25.3.1-0, prefix: /srv/conda/}\n"})
    conda = load.fleet(tmp_path).hosts["desk"].conda
    assert isinstance(conda, CondaSpec)
    assert conda.prefix == "/srv/conda"


def test_all_problems_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "fleet.yaml": "defautls: {}\ngroups:\n  g: {driver: {branch: x}}\n",
            "hosts/a.yaml": "ubuntu: 1\ngpus: x\n",
            "hosts/b.yaml": "driver: {modules: z}\n",
            "hosts/c.yaml": "\ta: b\n",
        },
    )
    places = [(problem.file, problem.line, problem.code, problem.host) for problem in found]
    assert places == [
        ("fleet.yaml", 1, "INV013", None),
        ("fleet.yaml", 3, "INV016", None),
        ("hosts/a.yaml", 1, "INV016", "a"),
        ("hosts/a.yaml", 2, "INV015", "a"),
        ("hosts/b.yaml", 1, "INV014", "b"),
        ("hosts/b.yaml", 1, "INV016", "b"),
        ("hosts/c.yaml", 1, "INV005", "c"),
    ]


def test_a_wrong_value_in_a_group_is_told_once_for_all_its_hosts(tmp_path: Path) -> None:
    group = "groups:\n  g:\n    driver: {branch: 5x}\n"
    hosts = {f"hosts/h{number}.yaml": OK + "groups: [g]\n" for number in range(5)}
    found = problems(tmp_path, {"fleet.yaml": group, **hosts})
    assert [(problem.file, problem.line, problem.column, problem.path) for problem in found] == [
        ("fleet.yaml", 3, 22, "groups.g.driver.branch")
    ]


def test_a_rule_broken_by_a_value_of_a_group_names_the_group_s_line(tmp_path: Path) -> None:
    files = {
        "fleet.yaml": "groups:\n  g:\n    driver: {branch: 595}\n",
        "hosts/old.yaml": OK + "groups: [g]\ngpus: [GTX 1080]\n",
    }
    found = problems(tmp_path, files)[0]
    assert (found.code, found.file, found.line, found.column, found.host) == ("CMP001", "fleet.yaml", 3, 22, "old")


def test_what_a_host_file_asks_of_pip_is_checked_as_a_requirements_file_is(tmp_path: Path) -> None:
    host = CONDA + "environments:\n  a:\n    pip:\n      packages: [einops, 'x @ https://h/x.whl']\n"
    found = problems(tmp_path, {"hosts/desk.yaml": host})
    assert [(problem.code, problem.line) for problem in found] == [("INV024", 6)]
    assert "without a sha256" in found[0].message


def test_a_single_word_under_pip_in_an_environment_file_is_not_passed_over(tmp_path: Path) -> None:
    files = {
        "hosts/desk.yaml": CONDA + "environments: {a: {file: environments/a.yml}}\n",
        "environments/a.yml": "dependencies:\n  - python=3.11\n  - pip: torch==2.8.0\n",
    }
    found = problems(tmp_path, files)
    assert [(problem.code, problem.file, problem.line) for problem in found] == [("INV023", "environments/a.yml", 3)]


def test_a_channel_with_a_password_in_an_environment_file_is_not_shown(tmp_path: Path) -> None:
    files = {
        "hosts/desk.yaml": CONDA + "environments: {a: {file: environments/a.yml}}\n",
        "environments/a.yml": "channels: ['https://u:hunter2@h/c']\ndependencies: [numpy]\n",
    }
    (found,) = problems(tmp_path, files)
    assert found.code == "INV023"
    assert "hunter2" not in found.text()

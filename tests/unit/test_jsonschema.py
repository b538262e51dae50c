"""The JSON Schema takes what gpufleet takes, refuses what is plainly wrong, and knows the names in the data."""

import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from fleet.verbs import init
from schema import codes, compat, fields, load, reference
from schema import jsonschema as made
from tests.unit import test_examples as examples

ROOT = Path(__file__).parents[2]
HOST, FLEET = (jsonschema.Draft7Validator(schema) for schema in (made.host(), made.fleet()))


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors read: yes, 1_000 and 2027-01-31 are texts, 12.9 is a number (10.3.2)."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for tag, pattern, first in [
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", list("-+.0123456789")),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def read(text: str) -> object:
    return yaml.load(text, Loader=Core) or {}  # noqa: S506 - a SafeLoader.


def wrong(validator: jsonschema.Draft7Validator, text: str) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(read(text))]


def test_both_are_draft_7() -> None:
    for validator in (HOST, FLEET):
        jsonschema.Draft7Validator.check_schema(validator.schema)
        assert validator.schema["$schema"] == "http://json-schema.org/draft-07/schema#"


FILES = [file for folder in (*examples.INVENTORIES, init.STARTER) for file in sorted(folder.rglob("*.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_inventory_of_the_repository_fits(file: Path) -> None:
    if file.name == "fleet.yaml":
        assert wrong(FLEET, file.read_text()) == []
    elif "hosts" in file.parts:
        assert wrong(HOST, file.read_text()) == []


@pytest.mark.parametrize("document", examples.DOCUMENTS, ids=lambda path: path.name)
def test_every_host_file_in_a_document_fits(document: Path) -> None:
    for match in examples.BLOCK.finditer(document.read_text()):
        text = match[1] or re.sub(r"^ {4}", "", match[2] or "", flags=re.MULTILINE)
        if re.search(r"^ubuntu:", text, re.MULTILINE):
            assert wrong(HOST, text) == []


RIGHT = [
    "connection: local",
    "connection: {address: 10.0.0.1, port: 2222, sudo: false, sudo_password: {command: [pass, show, 5]}}",
    "ubuntu: 24.04",
    'ubuntu: "18.04"',
    "gpus: []",
    "gpus: [GTX 1080, h100 sxm, 3090, RTX 9999, {model: A100 80GB, count: 8}, {pci_id: '10DE:1b80', memory_gib: 8}]",
    "driver: none",
    "driver: {branch: 580, version: 580.95.05, fabric_manager: true}",
    "driver: {branch: '999', modules: open, fabric_manager: auto}",
    "driver: {branch: auto, version: 580}",
    'cuda: {toolkits: [12.9, "12.6.3", {"11.8": absent, "10.2": absent}, "99.9"], default: 12.9, policy: strict}',
    "cuda: none",
    'cudnn: {version: 9.10}\ncuda: {toolkits: ["12.9"]}',
    'cudnn: {version: {"12": "9.17.0", "13": 9.17}}\ncuda: {toolkits: ["12.9", "13.0"]}',
    "conda: {version: 25.3.1-0, mode: 0755, prefix: /opt/conda}",
    "conda: none",
    "conda: {version: 25.3.1-0}\nenvironments: {a: {python: 3.11, packages: [numpy], exact: true}, b: absent}",
    "accept: [{code: GPU125, reason: 17, until: 2027-01-31}]",
    "kernel: {flavour: generic-hwe-24.04}",
    "proxy: {http: 'http://proxy:3128', no_proxy: [.example.org, 10.0.0.0/8]}",
    "reboot: if-needed\nsmoke_test: false",
    "mirrors: {cuda: {url: 'https://m.example/{distro}'}, pypi: 'https://m.example/simple'}",
    "gpus: [GTX 1080, TITAN X (Pascal)]",
    "gpus: [GTX 1080]\ncuda: {toolkits: auto}\ncudnn: {version: auto}",
    'cuda: {toolkits: [auto, 12.9, {"11.8": absent}]}\ngpus: [L4]\ncudnn: {version: {"12": auto}}',
    "gpus: [L4]\nconda: {version: 25.3.1-0}\nenvironments:\n"
    "  a: {python: 3.11, pip: {packages: [torch==2.8.0], indexes: auto}}\n"
    "  b: {python: '3.12', pip: {packages: [torch==2.8.0], indexes: [{url: auto, packages: [torch]}]}}",
    "platform: jetson\nl4t: 36.4\narch: aarch64\ngpus: [Jetson AGX Orin]\nexternal: true",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_gpufleet_takes_fits(text: str, tmp_path: Path) -> None:
    whole = text if text.startswith("ubuntu") else f"{text}\nubuntu: 22.04\n"
    file = tmp_path / "h.yaml"
    file.write_text(whole)
    shape = [problem.text() for problem in load.read(file).problems if problem.code in {"INV012", "INV013", "INV015"}]
    assert shape == [], "the table is about what gpufleet takes"
    assert not any(problem.code == "INV016" for problem in load.read(file).problems)
    assert wrong(HOST, whole) == []


@pytest.mark.parametrize("text", RIGHT)
def test_what_a_host_may_say_a_group_may_say(text: str) -> None:
    indented = "\n".join(f"    {line}" for line in text.splitlines())
    assert wrong(FLEET, f"groups:\n  g:\n{indented}\n") == []
    assert wrong(FLEET, f"defaults:\n{indented}\n") == []


WRONG = [
    "nope: 1",
    "driver: {brnach: 580}",
    "driver: {branch: 5800}",
    "driver: {branch: 58}",
    "driver: {branch: newest}",
    "driver: {branch: true}",
    "driver: 580",
    "driver:",
    "driver: absent",
    "connection: lokal",
    "connection: {port: 0}",
    "connection: {port: 70000}",
    "connection: {sudo_password: hunter2}",
    "connection: {sudo_password: {env: 'A B'}}",
    "ubuntu: 23.04",
    "ubuntu: noble",
    "arch: amd64",
    "gpus: GTX 1080",
    "gpus: [{modell: GTX 1080}]",
    "gpus: [{model: GTX 1080, count: 0}]",
    "gpus: [{model: GTX 1080, count: many}]",
    "gpus: ['$(reboot)']",
    "gpus: [~]",
    'cuda: {toolkits: ["12.9; reboot"]}',
    'cuda: {toolkits: [{"11.8": gone}]}',
    "cuda: {toolkits: [{}]}",
    'cuda: {toolkits: "12.9"}',
    "cuda: {policy: lax}",
    "cudnn: {version: nine}",
    'cudnn: {version: {twelve: "9.17.0"}}',
    "conda: {mode: rwx}",
    "conda: {prefix: opt/conda}",
    "conda: {sha256: abc}",
    "conda: {shell: yes}",
    "environments: {a: {packages: numpy}}",
    "environments: {a: gone}",
    "environments: {a: {file: /etc/passwd}}",
    "environments: {'a b': {packages: [numpy]}}",
    "accept: [{code: GPU125, reason: x}]",
    "accept: [{code: gpu125, reason: x, until: 2027-01-31}]",
    "accept: [{code: GPU125, reason: x, until: soon}]",
    "reboot: yes",
    "smoke_test: 1",
    "mirrors: {pypi: ftp://m.example}",
    "kernel: {hold: no}",
    "platform: windows",
    "l4t: newest",
    "environments: {a: {pip: {indexes: [{url: newest}]}}}",
    "environments: {a: {pip: {indexes: [{url: auto, package: torch}]}}}",
    "external: maybe",
    "cuda: {toolkits: newest}",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_plainly_wrong_does_not_fit(text: str, tmp_path: Path) -> None:
    whole = text if text.startswith("ubuntu") else f"{text}\nubuntu: 22.04\n"
    file = tmp_path / "h.yaml"
    file.write_text(whole)
    assert any(problem.severity == "error" for problem in load.read(file).problems), "gpufleet refuses it too"
    assert wrong(HOST, whole)


@pytest.mark.parametrize(
    "text",
    [
        "nope: 1",
        "defaults: {groups: [g]}",
        "groups: [a]",
        "groups: {'a b': {}}",
        "groups: {a: {driver: {brnach: 580}}}",
        "rollout: {max_unavailable: 0}",
        "rollout: {max_unavailable: all}",
        "require_lock: maybe",
    ],
)
def test_a_fleet_file_that_is_plainly_wrong_does_not_fit(text: str) -> None:
    assert wrong(FLEET, text)


def _properties(schema: object, path: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Every key in the schema with its dotted path, as docs/inventory.md has it."""
    if isinstance(schema, list):
        for one in schema:
            yield from _properties(one, path)
    elif isinstance(schema, dict):
        for name, one in schema.get("properties", {}).items():
            yield f"{path}{name}", one
            yield from _properties(one, f"{path}{name}.")
        for key in ("anyOf", "items", "additionalProperties"):
            yield from _properties(schema.get(key), path)


def test_every_key_is_there_with_its_meaning() -> None:
    found = dict(_properties(made.host()))
    assert set(found) == {path for path, _, _ in reference.paths()}
    for path, meaning in reference.meanings().items():
        assert str(found[path]["description"]).startswith(meaning)


def test_defaults_are_the_models_own() -> None:
    found = dict(_properties(made.host()))
    assert found["driver.branch"]["default"] == "auto"
    assert found["driver.persistence"]["default"] is True
    assert found["environments.channels"]["default"] == ["conda-forge"]
    assert found["connection.timeout"]["default"] == 10
    assert "default" not in found["cuda.default"]


def test_what_is_offered_is_known_and_each_has_a_description() -> None:
    offered = made.host()["definitions"]
    assert isinstance(offered, dict)
    for row in offered.values():
        assert len(row["enum"]) == len(row["enumDescriptions"]) == len(set(row["enum"]))
        assert all(row["enumDescriptions"])
    names = offered["gpus"]["enum"]
    assert {"GTX 1080", "H100 SXM", "RTX 5090", "Tesla K80", "A100 80GB PCIe", "RTX 4070 Ti"} <= set(names)
    assert [name for name in names if not compat.gpus_by_name(name)] == []
    assert {"auto", 580, 535} <= set(offered["branches"]["enum"])
    assert "12.9" in offered["toolkits"]["enum"]
    assert all(codes.entry(code) for code in offered["codes"]["enum"])
    assert not {"INV013", "RUN108", "GPU001", "GPU102"} & set(offered["codes"]["enum"])


def _patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for one in schema.values():
            yield from _patterns(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _patterns(one)


def test_every_pattern_is_one_that_editors_can_read() -> None:
    """ECMAScript's Unicode mode refuses escapes that do nothing (ECMA-262, 22.2.1)."""
    found = set(_patterns(made.host()))
    assert len(found) > 20
    for one in found:
        assert "\\" not in re.sub(r"\\(?:[\^$\\.*+?()\[\]{}|/dDwWsSbB]|x[0-9a-f]{2})", "", one), one


def test_a_hidden_field_is_offered_nowhere() -> None:
    text = str(made.host()) + str(made.fleet())
    for _, name in fields.HIDDEN - {
        pair for pair in fields.HIDDEN if pair[1] in {"name", "local", "absent", "lines", "auto"}
    }:
        assert f"'{name}'" not in text, name

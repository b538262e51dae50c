"""Where each value of a host comes from: files and their parts, defaults, the rule, the lock."""

from pathlib import Path

from schema import choose, load, resolved
from schema.fleet import Fleet
from schema.lock.model import Locked

FLEET = """
defaults:
  reboot: if-needed
  driver: {install: compute}
groups:
  ada:
    driver: {branch: auto}
  kits: {cuda: {toolkits: [auto,
                           "12.6"]}, mirrors: {torch: "https://m.example/whl"}}
"""
HOST = """
groups: [ada, kits]
ubuntu: "22.04"
gpus: [RTX 4090]
cudnn: {version: auto}
conda: {version: 25.3.1-0}
environments:
  ds: {python: "3.12", pip: {packages: ["torch==2.8.0"], indexes: auto}}
  file: {file: environments/ds.yml}
"""


def shown(fleet: Fleet) -> dict[str, tuple[str, str]]:
    """Text and place by path."""
    return {value.path: (value.text, value.place) for value in resolved.values(fleet, "h")}


def fleet(tmp_path: Path) -> Fleet:
    for name, text in {
        "fleet.yaml": FLEET,
        "hosts/h.yaml": HOST,
        "environments/ds.yml": "dependencies: [python=3.11]\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return load.fleet(tmp_path)


def test_each_value_says_where_it_comes_from(tmp_path: Path) -> None:
    found = shown(fleet(tmp_path))
    assert found["reboot"] == ("if-needed", "defaults, fleet.yaml:3")
    assert found["mirrors.torch"] == ("https://m.example/whl", "group kits, fleet.yaml:9")
    assert found["ubuntu"] == ("22.04", "hosts/h.yaml:3")
    assert found["arch"] == ("x86_64", "built-in default")
    place = "hosts/h.yaml:9  (in environments/ds.yml, which this line names)"
    assert found["environments.file.python"] == ("3.11", place)
    branch, toolkits = found["driver.branch"], found["cuda.toolkits"]
    assert branch == ("580", "rule: long-term branch, kept up until 2028-06  (auto: group ada, fleet.yaml:7)")
    assert toolkits[0] == "[12.6, 13.0]"
    assert toolkits[1].endswith("(auto: group kits, fleet.yaml:8)"), "where the word auto stands"
    assert found["cudnn.version.13"][1].endswith("(auto: hosts/h.yaml:5)")
    index = found["environments.ds.pip.indexes.0.url"]
    assert index == (
        "https://m.example/whl/cu128",
        "rule: the build of PyTorch 2.8 that PyPI has too  (auto: hosts/h.yaml:8)",
    )
    assert found["driver.variant"][0] == "not used"
    assert all("auto" not in text for path, (text, _) in found.items() if path != "kernel.flavour")


def test_what_the_lock_chose_is_said_to_be_the_locks(tmp_path: Path) -> None:
    read = fleet(tmp_path)
    choices = {"driver.branch": "595", "cuda.toolkits": "13.2", "environments.ds.pip.indexes": "cu126"}
    spec = choose.settled(read.hosts["h"].model_copy(update={"locked": Locked(choices=choices)}), None)
    found = shown(Fleet(**{**read.__dict__, "hosts": {"h": spec}}))
    assert found["driver.branch"] == ("595", "lock  (auto: group ada, fleet.yaml:7)")
    assert found["cuda.toolkits"] == ("[12.6, 13.2]", "lock  (auto: group kits, fleet.yaml:8)")
    assert found["environments.ds.pip.indexes.0.url"][0].endswith("/cu126")
    assert found["driver.modules"][1].startswith("rule: "), "what the lock does not say is the rule's"

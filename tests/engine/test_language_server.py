"""The JSON Schema in the real YAML language server, which VS Code's YAML extension runs: over stdio, as an editor does.

npm install --prefix DIR yaml-language-server@1.25.0
GPUFLEET_YAML_SERVER=DIR/node_modules/.bin/yaml-language-server pytest tests/engine/test_language_server.py
"""

import json
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fleet import cli

SERVER = os.environ.get("GPUFLEET_YAML_SERVER", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="set GPUFLEET_YAML_SERVER to the program yaml-language-server")
SETTINGS = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
Message = dict[str, Any]


class Editor:
    """As much of an editor as it takes (https://microsoft.github.io/language-server-protocol, 3.17)."""

    def __init__(self, root: Path) -> None:
        self.root, self.answers, self.asked = root, queue.Queue[Message](), 0
        self.server = subprocess.Popen(
            [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self._read, daemon=True).start()
        able = {"workspace": {"configuration": True}, "textDocument": {"completion": {}, "hover": {}}}
        self.ask("initialize", processId=os.getpid(), rootUri=root.as_uri(), capabilities=able, workspaceFolders=None)
        self.send(method="initialized", params={})

    def _read(self) -> None:
        stream = self.server.stdout
        while stream is not None and (header := stream.readline()):
            name, _, value = header.decode().strip().partition(":")
            if name.lower() == "content-length":
                while stream.readline().strip():
                    pass
                self.answers.put(json.loads(stream.read(int(value))))

    def send(self, **message: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin is not None
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message that is wanted; the server's own questions on the way are answered."""
        while True:
            message = self.answers.get(timeout=60)
            if "method" in message and "id" in message:
                sections = message["params"].get("items", []) if message.get("params") else []
                values = [SETTINGS if item["section"] == "yaml" else {} for item in sections]
                self.send(id=message["id"], result=values if "configuration" in message["method"] else None)
            elif wanted(message):
                return message

    def ask(self, method: str, **params: object) -> Any:
        self.asked += 1
        number = self.asked
        self.send(id=number, method=method, params=params)
        return self.until(lambda message: message.get("id") == number)["result"]

    def open(self, name: str, text: str) -> list[str]:
        """What the editor marks, as LINE:COLUMN MESSAGE, counted from 1."""
        uri = (self.root / name).as_uri()
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": item})
        told = self.until(lambda message: message.get("params", {}).get("uri") == uri)["params"]["diagnostics"]
        starts = [(one["range"]["start"], one["message"]) for one in told]
        return [f"{start['line'] + 1}:{start['character'] + 1} {message}" for start, message in starts]

    def offered(self, name: str, text: str) -> set[str]:
        """What is offered where `|` stands in `text`."""
        before, _, after = text.partition("|")
        self.open(name, before + after)
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        found = self.ask("textDocument/completion", textDocument={"uri": (self.root / name).as_uri()}, position=place)
        return {item["label"] for item in (found["items"] if isinstance(found, dict) else found)}


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    root = tmp_path_factory.mktemp("editor") / "inventory"
    assert cli.run(["init", str(root)]) == 0
    made = Editor(root)
    yield made
    made.server.kill()
    made.server.wait(10)


HOST = "# yaml-language-server: $schema=../.schema/host.json\n"
FLEET = "# yaml-language-server: $schema=.schema/fleet.json\n"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("|", {"ubuntu", "gpus", "driver", "cuda", "environments"}),
        ("gpus: [|]\n", {"GTX 1080", "H100 SXM", "RTX 5090"}),
        ("gpus:\n  - |\n", {"GTX 1080", "Tesla K80", "model"}),
        ("gpus:\n  - model: |\n", {"GTX 1080"}),
        ("driver:\n  branch: |\n", {"auto", "580", "535"}),
        ("driver:\n  |\n", {"branch", "modules", "source"}),
        ("driver:\n  modules: |\n", {"open", "proprietary", "auto"}),
        ("driver: |\n", {"none"}),
        ("connection: |\n", {"local"}),
        ("cuda:\n  toolkits:\n    - |\n", {'"12.9"', '"11.8"'}),
        ("cuda: {toolkits: [|]}\n", {'"12.9"'}),
        ("cuda:\n  default: |\n", {'"12.9"'}),
        ("conda:\n  version: |\n", {"25.3.1-0"}),
        ("cudnn:\n  version: |\n", {"9.10.2"}),
        ("driver:\n  version: |\n", {"580.95.05"}),
        ("environments:\n  a:\n    python: |\n", {'"3.12"'}),
        (
            "environments:\n  a:\n    pip:\n      indexes:\n        - url: |\n",
            {"https://download.pytorch.org/whl/cu126"},
        ),
        ("ubuntu: |\n", {'"24.04"'}),
        ("accept:\n  - code: |\n", {"CMP001", "GPU120"}),
    ],
)
def test_an_editor_offers_what_is_possible(editor: Editor, text: str, labels: set[str]) -> None:
    assert labels <= editor.offered(f"hosts/o{abs(hash(text))}.yaml", HOST + text)


def test_an_editor_marks_what_is_wrong_and_nothing_else(editor: Editor) -> None:
    right = "ubuntu: 24.04\nconnection: local\ngpus: [GTX 1080, {model: H100 SXM, count: 8}]\ndriver: {branch: 580}\n"
    right += 'cuda: {toolkits: [{"11.8": absent}, 12.9, "12.6"], default: 12.9}\nenvironments: {old: absent}\n'
    assert editor.open("hosts/right.yaml", HOST + right) == []
    wrong = "ubuntu: 24.04\ndriver: {brnach: 580, modules: closed}\ngpus: GTX 1080\ncuda: {toolkits: [twelve]}\n"
    told = editor.open("hosts/wrong.yaml", HOST + wrong)
    assert sorted(one.split(" ", 1)[0] for one in told) == ["3:10", "3:32", "4:7", "5:19"]
    assert "3:10 Property brnach is not allowed." in told
    assert '5:19 Write a CUDA version such as "12.9", auto, or {"11.8": absent}.' in told


def test_an_editor_knows_fleet_yaml(editor: Editor) -> None:
    assert editor.open("fleet.yaml", FLEET + "groups:\n  a: {gpus: [T4]}\nrollout: {max_unavailable: 2}\n") == []
    told = editor.open("sub.yaml", FLEET + "defaults: {groups: [a]}\nrollout: {max_unavailable: 0}\n")
    assert [one.split(" ", 1)[0] for one in told] == ["2:12", "3:28"]
    assert {"branch", "modules"} <= editor.offered("more.yaml", FLEET + "defaults:\n  driver:\n    |\n")


def test_the_starter_is_right_in_an_editor(editor: Editor) -> None:
    for name in ("fleet.yaml", "hosts/desk.yaml"):
        assert editor.open(f"{Path(name).parent}/copy-{Path(name).name}", (editor.root / name).read_text()) == []

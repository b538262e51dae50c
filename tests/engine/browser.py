"""Headless Chromium, driven through its DevTools protocol over a pipe: real clicks and keys, and what it complains of.

Only commands that have been stable for years are used (Target, Page, Runtime, Input, Emulation, Network, Log), so that
any Chromium of Debian or Ubuntu serves. A library would bring a browser or a driver of one exact version: playwright's
wheel alone is 50 MB, selenium wants a chromedriver of the browser's own release.
https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
    "--window-size=1280,900",
)
KEYS = {"Enter": "\r", "Tab": "", "Escape": "", "ArrowDown": "", "ArrowUp": "", "ArrowLeft": "", "ArrowRight": ""}
KEYS |= {"Home": "", "End": ""}
SECONDS = 30
Message = dict[str, Any]


def program() -> str:
    """Chromium's path. Without one it skips; in CI it fails, unless GPUFLEET_NO_CHROMIUM says why."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    known = os.environ.get("GPUFLEET_NO_CHROMIUM")
    if known is None and os.environ.get("CI") == "true":
        pytest.fail("needs Chromium: apt-get install --no-install-recommends chromium")
    pytest.skip(known or "needs Chromium: apt-get install --no-install-recommends chromium")


class Browser:
    """A running Chromium. It reads commands from its descriptor 3 and writes answers to 4, each ended by a NUL."""

    def __init__(self, folder: Path) -> None:
        # Above 9, so that neither is 3 or 4 before the shell moves it there.
        (there, out), (back, answers) = os.pipe(), os.pipe()
        reads, writes = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (there, answers))
        flags = [*FLAGS, f"--user-data-dir={folder}", "about:blank"]
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{reads} 4>&{writes}', "bash", program(), *flags],
            pass_fds=(reads, writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for one in (there, answers, reads, writes):
            os.close(one)
        self.asked, self.rest, self.answers, self.events = 0, b"", list[Message](), list[Message]()
        self.out, self.back = os.fdopen(out, "wb", buffering=0), os.fdopen(back, "rb", buffering=0)

    def _message(self, deadline: float) -> Message:
        """The next message. Without a thread: a test before this one may have made threads of gevent's (patch_all)."""
        while not self.answers:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.back], [], [], left)[0], f"no answer within {SECONDS} s"
            part = self.back.read(1 << 16)
            assert part, "Chromium ended"
            *whole, self.rest = (self.rest + part).split(b"\0")
            self.answers += [json.loads(message) for message in whole]
        return self.answers.pop(0)

    def ask(self, method: str, session: str | None = None, **params: object) -> Message:
        """One command's result; raises when Chromium refuses it, or says nothing for SECONDS."""
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self.out.write(json.dumps(message).encode() + b"\0")
        answer = self._until(lambda one: one.get("id") == self.asked)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: Message = answer["result"]
        return result

    def _until(self, wanted: Any) -> Message:
        deadline = time.monotonic() + SECONDS
        while True:
            message = self._message(deadline)
            if "method" in message:
                self.events.append(message)
            if wanted(message):
                return message

    def wait(self, event: str, session: str) -> Message:
        """The first such event of this session, which may have come already."""
        seen = next((one for one in self.events if (one["method"], one.get("sessionId")) == (event, session)), None)
        return seen or self._until(lambda one: (one.get("method"), one.get("sessionId")) == (event, session))

    def close(self) -> None:
        try:
            self.ask("Browser.close")
            self.process.wait(SECONDS)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.out.close()


class Tab:
    """One page. `complaints` and `requests` are of all that happened in it since it was opened."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        # A context of its own: nothing that another tab kept, such as a theme, is there.
        self.context = browser.ask("Target.createBrowserContext")["browserContextId"]
        self.target = browser.ask("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: object) -> Message:
        return self.browser.ask(method, self.session, **params)

    def open(self, address: str) -> None:
        """Go there and wait until all of it is loaded."""
        self.browser.events.clear()
        assert "errorText" not in self.ask("Page.navigate", url=address)
        self.browser.wait("Page.loadEventFired", self.session)

    def reload(self) -> None:
        self.browser.events.clear()
        self.ask("Page.reload")
        self.browser.wait("Page.loadEventFired", self.session)

    def media(self, **features: str) -> None:
        """What the page is told of the reader's wishes: media(prefers_color_scheme="dark")."""
        told = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.ask("Emulation.setEmulatedMedia", features=told)

    def do(self, script: str) -> Any:
        """The value of a JavaScript expression, a promise's too."""
        asked = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = self.ask("Runtime.evaluate", **asked)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]["exception"].get("description")
        return answer["result"].get("value")

    def all(self, selector: str) -> list[str]:
        """The visible text of each element that fits."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.innerText.trim())"
        texts: list[str] = self.do(found)
        return texts

    def count(self, selector: str) -> int:
        return int(self.do(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def click(self, selector: str, text: str | None = None) -> None:
        """Press the mouse in the middle of the first element that fits, and holds `text`."""
        place = self.do(
            f"(() => {{ const one = [...document.querySelectorAll({json.dumps(selector)})]"
            f".find((it) => it.textContent.includes({json.dumps(text or '')}));"
            "if (!one) return null; one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        assert place, f"there is no {selector} with {text!r}"
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            where = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
            self.ask("Input.dispatchMouseEvent", type=kind, **where)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: "j", "Enter"."""
        for key in keys:
            text = KEYS.get(key, key)
            down = {"type": "keyDown" if text else "rawKeyDown", "key": key, "text": text}
            code = {"Enter": 13, "Tab": 9, "Escape": 27, "Home": 36, "End": 35}.get(key, 0)
            code = code or {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}.get(key, 0)
            self.ask("Input.dispatchKeyEvent", **down, windowsVirtualKeyCode=code)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def pdf(self) -> bytes:
        return base64.b64decode(self.ask("Page.printToPDF")["data"])

    @property
    def mine(self) -> list[Message]:
        self.ask("Runtime.evaluate", expression="0")
        return [one for one in self.browser.events if one.get("sessionId") == self.session]

    @property
    def complaints(self) -> list[Message]:
        """What the page's console shows: exceptions, refused scripts and styles, and messages of any kind."""
        kinds = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
        return [one for one in self.mine if one["method"] in kinds]

    @property
    def requests(self) -> list[str]:
        """What was asked for; without what the page's own policy stopped before it was."""
        mine = self.mine
        failed = [one["params"] for one in mine if one["method"] == "Network.loadingFailed"]
        stopped = {one["requestId"] for one in failed if one.get("blockedReason") == "csp"}
        sent = [one["params"] for one in mine if one["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent if one["requestId"] not in stopped]

    def close(self) -> None:
        self.browser.ask("Target.disposeBrowserContext", browserContextId=self.context)


@contextmanager
def running(folder: Path) -> Iterator[Browser]:
    made = Browser(folder)
    try:
        yield made
    finally:
        made.close()

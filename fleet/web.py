"""Files from repositories over HTTP: bounded in size and time, with the site's certificates and proxies."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

# A whole repository of NVIDIA's is some MiB of Packages.gz; more than this is not an index.
LARGEST = 256 * 1024 * 1024
TIMEOUT_SECONDS = (10, 60)
# One file altogether: a server that sends a byte a minute never reaches the timeout between two bytes.
DEADLINE_SECONDS = 600
CHUNK = 256 * 1024


class UnknownIndex(Exception):  # noqa: N818 - named after what it says.
    """The index could not be read or not be trusted; the text says why. `code` is that of `fleet lock`'s error."""

    def __init__(self, text: str, code: str = "RUN300") -> None:
        super().__init__(text)
        self.code = code


def session(ca: Path | None, proxies: Mapping[str, str]) -> requests.Session:
    """A session with the site's certificates and proxies, three tries and bounded waits."""
    made = requests.Session()
    adapter = HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.5, status_forcelist=(502, 503, 504)))
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    if ca is not None:
        made.verify = str(ca)
    made.proxies.update(proxies)
    made.hooks["response"].append(_stays_encrypted)
    return made


def _stays_encrypted(answer: requests.Response, **_options: object) -> None:
    """Called for each answer of a chain, before the next address is asked (requests' documentation, "Event Hooks")."""
    target = answer.headers.get("location", "")
    if answer.is_redirect and answer.url.startswith("https://") and target.startswith("http://"):
        raise UnknownIndex(f"{answer.url}: leads to {target}, which is not encrypted")


def get(web: requests.Session, url: str, limit: int = LARGEST) -> bytes:
    """The bytes at an address. Raises UnknownIndex when they cannot be had, or are more than `limit`."""
    if url.startswith("file:"):
        raise UnknownIndex(f"{url}: a file: address is the host's own, and cannot be read from here")
    end = time.monotonic() + DEADLINE_SECONDS
    content = bytearray()
    try:
        # Named on the request: REQUESTS_CA_BUNDLE in the environment outdoes a session's own (requests issue 3829).
        with web.get(url, timeout=TIMEOUT_SECONDS, stream=True, verify=web.verify) as answer:
            answer.raise_for_status()
            while part := answer.raw.read1(CHUNK, decode_content=False):
                content += part
                if len(content) > limit:
                    raise UnknownIndex(f"{url}: larger than {_size(limit)}", "RUN302")
                if time.monotonic() > end:
                    raise UnknownIndex(f"{url}: not there after {DEADLINE_SECONDS} s, at {_size(len(content))}")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise UnknownIndex(f"{url}: {_reason(error)}") from error
    return bytes(content)


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"


def _reason(error: Exception) -> str:
    """The innermost cause in a few words: requests wraps urllib3's errors, which wrap the system's."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"HTTP {answer.status_code}"
    text = str(error)
    if short := re.search(r"IncompleteRead\((\d+) bytes read, (\d+) more expected\)", text):
        return f"the connection ended after {short[1]} of {int(short[1]) + int(short[2])} bytes"
    if busy := re.search(r"too many (\d{3}) error responses", text):
        return f"HTTP {busy[1]}, also when asked again"
    known = r"certificate verify failed[^']*|Connection refused|[Tt]imed out|Name or service not known|No route to host"
    cause = re.search(rf"({known}|Connection reset by peer|Remote end closed connection)", text)
    return cause.group().strip() if cause else text.splitlines()[0][:200] if text else type(error).__name__

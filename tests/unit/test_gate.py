"""How much of a run goes on at once."""

import itertools

import pytest

from fleet import gate, tcp


@pytest.mark.parametrize(("files", "width"), [(64, 4), (128, 32), (256, 160), (1024, 928), (4096, 1024), (0, 4)])
def test_connections_never_use_up_the_files(files: int, width: int) -> None:
    assert gate.width(files) == width


def test_a_young_place_is_left_once() -> None:
    made = gate.Gate()
    before = made.young.counter
    with made.young_place() as leave:
        assert made.young.counter == before - 1
        leave()
        leave()
        assert made.young.counter == before
    assert made.young.counter == before


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "198.51.100.7"])
def test_an_address_needs_no_resolver(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp.socket, "getaddrinfo", lambda *_: itertools.repeat(1 / 0))
    assert [address[1] for address in tcp.addresses(text, 22, 0)] == [(text, 22)]

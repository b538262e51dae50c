"""The excerpt: the mark stands below its place whatever the line holds, and no line that may hold a secret is shown."""

import unicodedata

import pytest

from fleet import excerpt
from schema.errors import Problem


def columns(text: str) -> int:
    """What a terminal takes for it, counted in another way than the program does."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def under(line: str, column: int, width: int = 120) -> str:
    """The text that stands above the mark."""
    cut = excerpt.cut(line, column, width)
    assert columns(cut.text) <= width
    found, at = "", 0
    for one in cut.text:
        if cut.before <= at < cut.before + cut.marked:
            found += one
        at += columns(one)
    return found


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("branch: 610", "610"),
        ("gpus: [GTX 1080, H100]", "GTX 1080"),
        ('toolkits: ["13.0", "12.9"]', '"13.0"'),
        ("until: 2027-01-31  # the day", "2027-01-31"),
        ("driver: {brnach: 580}", "brnach"),
        ("url: https://mirror.example/x", "https://mirror.example/x"),
        ('reason: "日本語", code: GPU999', "GPU999"),
        ("reason: 한국어 GPU999", "GPU999"),
        ("reason: e\u0301\u0301a\u0303 x GPU999", "GPU999"),
        ("\tcode:\t\tGPU999", "GPU999"),
        ("a\x1b[31mb: GPU999", "GPU999"),
        ("a\u202eb: GPU999", "GPU999"),
        ("a\xa0b: GPU999", "GPU999"),
        ("☺\ufe0f b: GPU999", "GPU999"),
        ("it's: 'it''s GPU999', x", "'it''s GPU999'"),
    ],
)
@pytest.mark.parametrize("before", ["", "x: 1, ", "項目: 1, " * 40])
def test_the_mark_is_below_the_value(line: str, value: str, before: str) -> None:
    whole = before + line
    shown = value.replace("\t", excerpt.TAB)
    assert under(whole, whole.index(value) + 1) == shown
    assert under(whole, whole.index(value) + 1, width=60) == shown


def test_nothing_in_an_excerpt_moves_the_cursor_or_turns_the_direction() -> None:
    cut = excerpt.cut("a: \x1b[2J\x07\r\x00\u202e\u2066\x85b\x7f", 4, 100)
    assert cut.text.isprintable()
    assert r"\x1b[2J" in cut.text and r"\u202e" in cut.text


@pytest.mark.parametrize("column", [1, 50_000, 99_990, 100_000, 100_001, 10**9])
@pytest.mark.parametrize("one", ["a", "語", "\t", "e\u0301", "\x1b"])
def test_a_very_long_line_is_cut_around_its_place(one: str, column: int) -> None:
    line = one * 100_000
    cut = excerpt.cut(line, column, 74)
    assert columns(cut.text) <= 74
    assert cut.before + cut.marked <= 76
    assert cut.text.startswith(excerpt.CUT) == (column > 1)
    if column < 90_000:
        assert cut.text.endswith(excerpt.CUT)


def test_a_place_behind_the_last_character_is_marked_there() -> None:
    assert excerpt.cut("driver:", 8, 80) == ("driver:", 7, 1)
    assert excerpt.cut("driver:", 99, 80) == ("driver:", 7, 1)
    assert excerpt.cut("", 1, 80) == ("", 0, 1)


def secret(text: str, line: int, path: str | None = None, **more: str) -> bool:
    problem = Problem(**({"code": "INV015", "file": "h.yaml", "line": line, "path": path, "message": "m"} | more))
    return excerpt.secret(excerpt.LINE_END.split(text), problem)


@pytest.mark.parametrize(
    ("text", "line", "path"),
    [
        ("connection: {sudo_password: hunter2, adress: x}", 1, "connection.adress"),
        ("connection:\n  sudo_password:\n    hunter2", 3, "connection.sudo_password"),
        ("connection:\n  sudo_password:\n    command: [pass, 'x']\n    evn: hunter2", 4, "connection.x"),
        ("connection: {pasword: hunter2}", 1, "connection.pasword"),
        ("connection: {sudo_pasword: hunter2}", 1, "connection.sudo_pasword"),
        ("sudo_password:\n'hunter2", 2, None),
        ("API_KEY: hunter2", 1, "API_KEY"),
        ('"token" : hunter2', 1, "x"),
        ("proxy: {http: 'http://me:hunter2@proxy:3128'}", 1, "proxy.http"),
        ("url: https://hunter2@mirror.example/x", 1, "mirrors.pypi"),
        ("channels: [https://conda.anaconda.org/t/hunter2/private]", 1, "environments.a.channels.0"),
        ("--extra-index-url https://me:hunter2@index.example/simple", 1, None),
        ("--index-url //me:hunter2@index.example/simple", 1, None),
        ("-----BEGIN PRIVATE KEY-----", 1, None),
    ],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(text: str, line: int, path: str | None) -> None:
    assert secret(text, line, path)


def test_a_value_that_the_message_does_not_show_is_not_shown_either() -> None:
    assert secret("a: hunter2", 1, "a", message="got a value that is not shown here; possible: x.")
    assert secret("a: hunter2", 1, "a", code="INV017")


@pytest.mark.parametrize(
    "line",
    [
        "packages: [tokenizers==0.19, secretstorage]",
        "address: ubuntu@10.0.0.1",
        "key: ~/.ssh/id_ed25519",
        "url: https://mirror.example/{distro}",
        "  branch: 610",
        "packages: ['torch @ https://index.example/torch.whl']",
    ],
)
def test_an_ordinary_line_is_shown(line: str) -> None:
    assert not secret(line, 1, "x.y")


def test_a_line_beside_a_secret_is_shown() -> None:
    assert not secret("connection:\n  sudo_password: {env: X}\n  port: 99999", 3, "connection.port")


@pytest.mark.parametrize("line", ["pass" * 50_000, "a" * 200_000, "://" * 70_000, "a:" * 100_000, " " * 200_000])
def test_looking_for_secrets_in_a_very_long_line_ends(line: str) -> None:
    assert secret(line, 1, "x") in {True, False}

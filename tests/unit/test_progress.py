"""What a run shows on a terminal while it is at work."""

import io

import pytest

from fleet import progress
from fleet.errors import Failure


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_counts_and_who_is_waited_for() -> None:
    shown = progress.Progress(f"n{number}" for number in range(6))
    assert shown.line() == "0 of 6 looked at; waiting for n0, n1, n2, ..."
    shown.told("n1", "in-sync")
    shown.told("n4", "drift")
    shown.told("n0", "in-sync")
    assert shown.line() == "3 of 6 looked at: in-sync 2, drift 1; waiting for n2, n3, n5"


def test_first_results_at_once_and_not_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    shown = progress.Progress(f"n{number}" for number in range(100))
    dead = Failure(code="RUN201", message="n0 could not be reached: \x1b[2Jgone")
    for number in range(100):
        shown.told(f"n{number}", "unreachable" if number % 2 else "in-sync", dead if number % 2 else None)
    shown.end()
    import sys

    text = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert text.count("could not be reached") == progress.TOLD_AT_ONCE
    assert "n1  unreachable: RUN201" in text and "\x1b[2J" not in text
    assert "100 of 100 looked at: in-sync 50, unreachable 50" in text


def test_nothing_is_shown_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    shown = progress.Progress(["a"])
    shown.told("a", "failed")
    shown.end()
    assert capsys.readouterr() == ("", "")

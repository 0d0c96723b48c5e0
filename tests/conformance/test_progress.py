"""The progress of a run: a current line on a terminal, a line for each feature elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress

import pytest

from tests.conformance.project import GREEN, OTHER, RED, ROOT, Project
from tests.conformance.verdict_builders import MakeProject

COLUMNS = 60

WAITING = """
    Example: It takes a while
      Given a float variable "x" holding 0.5
      When the tool "sleep" runs with {"seconds": 1.0}
      Then "x" holds 0.5 at version 1
"""


def on_terminal(project: Project, *arguments: str, columns: int = COLUMNS, **environment: str) -> str:
    """Run behave on a terminal, and return what it wrote to it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "behave", "features/", *arguments],
        cwd=project.folder,
        env={**own, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    with suppress(OSError):  # Linux reports the end of the other side so
        while piece := os.read(ours, 65536):
            written += piece
    process.wait()
    os.close(ours)
    return written.decode()


def drawn(written: str) -> list[str]:
    """Return the current lines that were drawn, one after another."""
    return re.findall(r"\r([^\r\n]+)\x1b\[K", written)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_terminal_has_one_current_line(make_project: MakeProject, jobs: str) -> None:
    written = on_terminal(make_project(RED + WAITING, **{"other.feature": OTHER}), "--jobs", jobs)
    lines = drawn(written)
    assert any(re.match(r"\d of 6, .*1 failed.*, \d s: small\.feature:\d+", line) for line in lines), lines
    assert all(len(re.sub(r"\x1b\[\d+m", "", line)) < COLUMNS for line in lines)
    assert "\x1b[31m1 failed\x1b[0m" in "".join(lines)
    assert "\x1b[31mfailed: features/small.feature:17: This one fails\x1b[0m\r\n" in written
    assert not {*re.findall(r"\x1b\[[0-9;]*.", written)} - {"\x1b[31m", "\x1b[0m", "\x1b[K"}
    shown = re.sub(r"\r[^\r\n]*\x1b\[K", "", written)
    assert re.search(r"^6 scenarios in \d+\.\d s\r$", shown, re.M), shown


def test_a_narrow_terminal_shortens_the_line(make_project: MakeProject) -> None:
    lines = drawn(on_terminal(make_project(GREEN + WAITING), columns=20))
    assert all(len(line) < 20 for line in lines)
    assert any(line.endswith("…") for line in lines)


@pytest.mark.parametrize("how", [{"NO_COLOR": "1"}, {"arguments": "--no-color"}])
def test_colour_can_be_turned_off(make_project: MakeProject, how: dict[str, str]) -> None:
    arguments = how.pop("arguments", "").split()
    written = on_terminal(make_project(RED), *arguments, **how)
    assert "failed: features/small.feature:17" in written
    assert "\x1b[3" not in written


def test_a_terminal_without_control_sequences_gets_none(make_project: MakeProject) -> None:
    assert "\x1b" not in on_terminal(make_project(RED), TERM="dumb")


def test_a_pipe_gets_a_line_for_each_feature(make_project: MakeProject) -> None:
    run = make_project(RED, **{"other.feature": OTHER}).run("--jobs", "2")
    assert run.out.splitlines()[1:4] == [
        "features/other.feature: 2 passed",
        "features/small.feature: 1 failed, 2 passed",
        next(line for line in run.out.splitlines() if line.startswith("5 scenarios in ")),
    ]
    assert not re.search(r"[\x1b\r]", run.out)


def test_another_formatter_is_not_disturbed(make_project: MakeProject) -> None:
    written = on_terminal(make_project(GREEN + WAITING), "-f", "plain", "--jobs", "2")
    assert "Example: It takes a while" in written
    assert "\x1b[K" not in written

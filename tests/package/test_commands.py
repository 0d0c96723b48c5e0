"""Tests of every command in the pages: each is run, or checked in the way that ``WAYS`` names.

A command that no way covers fails, and so does a way that covers none.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from server.__main__ import parse
from tests.conformance.project import DEADLINE_S
from tests.package.documented import ROOT, Documented, blocks, documented, simple
from tests.package.test_shell_sessions import commands_of_sessions

UNFINISHED = """
@wip
Feature: Unfinished
  Rule: A variable can be registered
    Example: A variable is registered
      Given a float variable "x" holding 0.5
      Then "x" holds 0.5 at version 1
"""

BIN = Path(sys.executable).parent


class Checkout(NamedTuple):
    """A folder with the files of the project, an unfinished feature, and the profile that a page shows."""

    folder: Path

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for path in ROOT.iterdir():
        if path.name not in {".git", "build", "data", "dist", "features", "reports", "tls"}:
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(ROOT / "features", tmp_path / "features")
    (tmp_path / "features" / "unfinished.feature").write_text(UNFINISHED, "utf-8")
    [profile] = blocks("docs/judging-your-bridge.md", "toml")
    (tmp_path / "my-bridge.toml").write_text(profile, "utf-8")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)  # for pre-commit
    return Checkout(tmp_path)


# The ways to check a command


def whole(command: str, checkout: Checkout) -> None:
    """Run the command as it stands."""
    run = checkout.run(command)
    assert run.returncode == 0, run.stdout + run.stderr


def dry(command: str, checkout: Checkout) -> None:
    """Check that the suite accepts options, profile and tags, and selects scenarios, without judging any."""
    run = checkout.run(f"{command} --dry-run")
    assert run.returncode == 2, run.stdout + run.stderr
    assert re.search(r"dry run asks the bridge nothing: [1-9]\d* of \d+ scenarios", run.stdout), run.stdout


def flags(command: str, checkout: Checkout) -> None:
    """Compare the flags with those that the help of the program lists."""
    module = re.match(r"python3? -m [\w.]+", command)
    assert module is not None
    run = checkout.run(f"{module[0]} --help")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("usage: "), run.stdout
    assert [flag for flag in re.findall(r" (--[a-z-]+)", command) if flag not in run.stdout] == []


def settings(command: str, checkout: Checkout) -> None:
    """Check that the server accepts the flags, without starting it."""
    parse(shlex.split(command.partition("-m server")[2]))


def session(command: str, checkout: Checkout) -> None:
    """Find the session in the list of nox."""
    name = command.split()[2]
    assert re.search(rf"(?m)^[*-] {name} ->", _sessions(checkout.folder)), f"nox has no session {name}"


@functools.cache
def _sessions(folder: Path) -> str:
    return subprocess.run(
        [str(BIN / "nox"), "-l"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def collected(command: str, checkout: Checkout) -> None:
    """Check that pytest finds tests, and that they read the variables."""
    run = Checkout(ROOT).run(f"{command} --collect-only -p no:cacheprovider")
    assert run.returncode == 0, run.stdout + run.stderr
    modules = {Path(path) for path in re.findall(r"(?m)^(tests/\S+?\.py)", run.stdout)}
    assert modules, run.stdout
    helpers = {path for module in modules for path in module.parent.glob("*.py")}
    sources = "".join((ROOT / path).read_text("utf-8") for path in helpers)
    for variable in re.findall(r"\b([A-Z]+)=", command):
        assert f'"{variable}"' in sources, f"no test reads {variable}"


def extras(command: str, checkout: Checkout) -> None:
    """Compare the extras with those of the package."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    required = re.search(r"\[(.+)\]", command)
    assert set(required[1].split(",") if required else ()) <= declared.keys()


def subcommand(command: str, checkout: Checkout) -> None:
    """Check that the program has the command, which a sentence names without its arguments."""
    run = checkout.run(f"{command} --help")
    assert run.returncode == 0, run.stdout + run.stderr


def in_session(command: str, checkout: Checkout) -> None:
    """Check that the tests of sessions run the command."""
    assert command in [part for line in commands_of_sessions() for part in simple(line)]


class Elsewhere(NamedTuple):
    """A command that another test, or continuous integration, runs.

    Attributes:
        file: the file that runs it.
        fragment: the text of that file which does so.
    """

    file: str
    fragment: str

    def __call__(self, command: str, checkout: Checkout) -> None:
        assert self.fragment in (ROOT / self.file).read_text("utf-8")


class NotRun(NamedTuple):
    """A command that nothing runs, with the reason."""

    reason: str

    def __call__(self, command: str, checkout: Checkout) -> None:
        pytest.skip(f"not run: {self.reason}")


INSTALLS = Elsewhere(".ci/run", 'pip install --quiet --disable-pip-version-check -e "$checkout$2"')

WAYS: Sequence[tuple[str, Callable[[str, Checkout], None]]] = (
    # What nothing runs
    (r"docker .*|sudo chown .*", NotRun("needs a docker daemon")),
    (r"sudo .*|systemctl .*|systemd-analyze .*", NotRun("changes the machine's services, and needs systemd")),
    (r"apt-get .*", NotRun("changes the machine's packages; .ci/run does so")),
    (r"etcdctl .*", NotRun("is a command of etcd")),
    (r"elixir .*", NotRun("needs Elixir")),
    (r"/usr/bin/time .*", NotRun("measures a command that is run")),
    # What others run
    (r"python3 -m venv .venv", Elsewhere(".ci/run", "python3 -m venv ")),
    (r"\. .venv/bin/activate", Elsewhere(".ci/run", '/bin/activate"')),
    (
        r"pip install --require-hashes -r requirements.lock",
        Elsewhere("tests/package/test_lock.py", "--hash="),
    ),
    (r"behave features/( --jobs 1)?", Elsewhere(".ci/run", "run behave features/")),
    (r"python -m tests.all", Elsewhere(".ci/run", "python -m tests.all")),
    (r"mkdocs build --strict", Elsewhere("tests/all.py", '("mkdocs", "build", "--strict"')),
    (r"python -m tests.language", Elsewhere("tests/all.py", '"tests.language"')),
    (
        r"python -m varbridge.conformance.documents",
        Elsewhere("tests/all.py", "varbridge.conformance.documents"),
    ),
    (r"python proto/generate.py", Elsewhere("tests/package/test_proto.py", "write_stubs(")),
    (r"python -m tests.over_etcd", Elsewhere(".ci/run", "python -m tests.over_etcd")),
    (r"python -m benchmarks --quick", Elsewhere(".ci/run", "python -m benchmarks --quick")),
    (r"varbridge judge", Elsewhere("tests/package/test_judge.py", '"judge"')),
    (
        r"python examples/\w+.py 127.0.0.1:50051",
        Elsewhere("tests/package/test_examples.py", '"aio_client.py"'),
    ),
    (r"npm install|node client.js .*", Elsewhere("tests/package/test_examples.py", '"client.js"')),
    (r"python -m server --tools my_tools", Elsewhere("tests/package/test_examples.py", '"my_tools"')),
    (r"cp reports/profile.toml .*", Elsewhere("tests/conformance/test_profiles.py", '"profile.toml"')),
    (r"varbridge run tuning train .*", Elsewhere("tests/package/test_examples.py", '"varbridge run "')),
    # What is checked here
    (r"pip install .*", extras),
    (r"pre-commit install|eval .*|varbridge certificates tls bridge.example.org", whole),
    (r"(varbridge|python -m server) --(help|version)|nox -l|python -m benchmarks --peers", whole),
    (r"python -m varbridge.conformance.check", whole),
    (r"behave features/\S+\.feature(:\d+)?|behave features/ --tags=@[A-Z]+\d+\.\d+", whole),
    (r"behave --steps-catalog features/|behave -w features/|behave features/ --tags=@wip", whole),
    (r"varbridge \w+", subcommand),
    (r"behave features/.*|varbridge judge .*|python -m varbridge.conformance features/", dry),
    (r"export BRIDGE_.*|varbridge .*", in_session),
    (r"python -m server.*", settings),
    (r"nox -s .*", session),
    (r"([A-Z]+=\d+ )*pytest .*", collected),
    (r"python -m (tests|benchmarks|varbridge)\b.*", flags),
)
"""The way in which each command is checked: the first one whose pattern is that of the whole command."""

COMMANDS = documented()


def way_of(command: str) -> tuple[str, Callable[[str, Checkout], None]] | None:
    return next((way for way in WAYS if re.fullmatch(way[0], command)), None)


@pytest.mark.parametrize("command", sorted({documented.command for documented in COMMANDS}))
@pytest.mark.slow
def test_a_documented_command_works(command: str, checkout: Checkout) -> None:
    way = way_of(command)
    assert way is not None
    way[1](command, checkout)


def test_each_documented_command_has_a_way_to_check_it() -> None:
    assert [place for place in COMMANDS if way_of(place.command) is None] == []


def test_each_way_checks_a_documented_command() -> None:
    used = {way_of(place.command) for place in COMMANDS}
    assert [pattern for pattern, way in WAYS if (pattern, way) not in used] == []


def test_commands_are_found_in_blocks_sentences_and_tables() -> None:
    for command in (
        Documented("README.md", "pip install -e '.[suite]'"),  # before && in a block
        Documented("docs/running-the-server.md", "varbridge set tuning temperature 0.9"),  # in a sentence
        Documented("docs/judging-your-bridge.md", "behave features/ --tags=@W3.1"),  # in a table
        Documented("CONTRIBUTING.md", "pre-commit install"),  # before a comment
    ):
        assert command in COMMANDS

"""``python -m tests.wheel``: try the package as new users would, in new environments.

For each Python version that is installed (3.11 to 3.13), or with ``--newest`` for the newest one only, the
wheel that is built from the source archive is installed twice: without extras, where only the client works,
and with the suite. The newest version also gets an editable install of the checkout. The working directory
has files of a user's own whose names are those of the project's folders.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.13", "3.12", "3.11")

DEADLINE_S = 600.0
"""The time after which a command counts as hanging, in seconds."""

CALLER = """
from varbridge import Connection, tool

@tool
def double(number: int) -> int:
    return 2 * number

with Connection("127.0.0.1:1") as connection:
    session = connection.session("tuning")
    version: int = session.set("temperature", 0.5)
    wrong: str = session.set("temperature", 0.5)
"""
"""A module with one mistake, which a type checker finds only if the package has types."""

OWN = {
    "client.py": "raise SystemExit('the client of the user was imported')",
    "server/__init__.py": "raise SystemExit('the server of the user was imported')",
    "steps/mine.py": "raise SystemExit('the steps of the user were loaded')",
    "features/mine.feature": "Feature: Mine",
    "behave.ini": "[behave]\nformat = nonsense\n",
    "caller.py": CALLER,
    "tools_of_mine.py": (
        "import proto\nfrom varbridge import tool\n\n\n@tool\nasync def half(n: float) -> float:\n"
        "    return proto.Message and n / 2\n"
    ),
}
"""The files of the working directory: none of them may disturb the package."""


def main() -> int:
    """Try the package with every version, or with the newest; return 1 if none is installed."""
    parser = argparse.ArgumentParser(prog="python -m tests.wheel", description=__doc__.partition("\n\n")[2])
    parser.add_argument("--newest", action="store_true", help="try only the newest installed version")
    newest = parser.parse_args().newest
    tried = 0
    with TemporaryDirectory(prefix="wheel-") as folder:
        wheel = build(Path(folder))
        for version in VERSIONS:
            if (python := find(version)) is None:
                print(f"skipped: Python {version} is not installed")
                continue
            with environment(Path(folder) / version, python) as (bin_, work):
                try_client(bin_, work, wheel)
                try_suite(bin_, work, wheel)
            if not tried:
                with environment(Path(folder) / "checkout", python) as (bin_, work):
                    try_checkout(bin_, work)
            print(f"passed: Python {version}", flush=True)
            tried += 1
            if newest:
                break
    return 0 if tried else 1


def find(version: str) -> str | None:
    """Return the command of a Python version that works; None if there is none."""
    candidates = [
        shutil.which(f"python{version}"),
        *Path.home().glob(f".pyenv/versions/{version}.*/bin/python"),
    ]
    for candidate in filter(None, candidates):
        command = [candidate, "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == version:
            return str(candidate)
    return None


def build(folder: Path) -> Path:
    """Build the source archive, and the wheel from it; return the path of the wheel."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextmanager
def environment(folder: Path, python: str) -> Iterator[tuple[Path, Path]]:
    """Yield the folder of commands of a new virtual environment, and a working directory."""
    run(python, "-m", "venv", folder / "venv", cwd=ROOT)
    work = folder / "work"
    for name, text in OWN.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    yield folder / "venv" / "bin", work


def install(bin_: Path, *packages: str) -> None:
    """Install packages, and check that they fit together."""
    run(bin_ / "pip", "install", "--quiet", "--disable-pip-version-check", *packages, cwd=bin_)
    run(bin_ / "pip", "check", cwd=bin_)


def try_client(bin_: Path, work: Path, wheel: Path) -> None:
    """Install the wheel without extras: it has types, the client works, and the rest says what it lacks."""
    install(bin_, str(wheel))
    check_names(bin_)
    check_types(bin_, work)
    run(bin_ / "python", "-c", "import varbridge; varbridge.Connection('127.0.0.1:1').close()", cwd=work)
    for command, extra in (("serve", "server"), ("judge", "suite"), ("certificates", "server")):
        refused = subprocess.run(
            [bin_ / "varbridge", command, "folder"][: 3 if command == "certificates" else 2],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 2, refused
        assert f"pip install 'varbridge[{extra}]'" in refused.stderr, refused.stderr
        assert refused.stderr.count("\n") == 1, refused.stderr


def try_suite(bin_: Path, work: Path, wheel: Path) -> None:
    """Install the suite; then judge, serve, call, and run a tool of a module that uses proto-plus."""
    install(bin_, f"{wheel}[suite]", "proto-plus")
    judged = run(
        bin_ / "varbridge",
        "judge",
        "features/types/float.feature",
        "features/tools/running.feature",
        cwd=work,
    )
    assert "0 failed, 0 skipped" in judged.splitlines()[-1], judged
    assert (work / "reports" / "verdict.json").exists()
    serve_and_call(bin_, work, bin_ / "varbridge", "serve", cwd=work)


def try_checkout(bin_: Path, work: Path) -> None:
    """Install the checkout as editable; then serve in a folder of a user, and in the checkout itself."""
    install(bin_, "-e", f"{ROOT}[server]", "proto-plus")
    check_types(bin_, work)
    serve_and_call(bin_, work, bin_ / "python", "-m", "varbridge.server", cwd=work)
    serve_and_call(bin_, work, bin_ / "python", "-m", "server", cwd=ROOT)


def check_names(bin_: Path) -> None:
    """Check that the wheel has installed one package and one command."""
    [record] = bin_.parent.glob("lib/python*/site-packages/varbridge-*.dist-info/RECORD")
    with record.open(encoding="utf-8") as rows:
        installed = [row[0] for row in csv.reader(rows)]
    names = {name.partition("/")[0] for name in installed if ".dist-info/" not in name}
    assert names == {"varbridge", ".."}, names
    commands = [name for name in installed if name.startswith("..")]
    assert commands == ["../../../bin/varbridge"], commands


def check_types(bin_: Path, work: Path) -> None:
    """Check that mypy finds the mistake of a user's module, and no other."""
    command = (sys.executable, "-m", "mypy", "--strict", "--python-executable", bin_ / "python", "caller.py")
    checked = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    errors = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, checked.stdout + checked.stderr
    assert 'expression has type "int", variable has type "str"' in errors[0], errors


def serve_and_call(bin_: Path, work: Path, *command: object, cwd: Path) -> None:
    """Serve with a command in a folder, call the bridge, and run a tool that uses proto-plus."""
    server = subprocess.Popen(
        [*map(str, command), "--port", "0", "--tools", "tools_of_mine"],
        cwd=cwd,
        env=environ() | ({} if cwd == work else {"PYTHONPATH": str(work)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = f"127.0.0.1:{server.stdout.readline().strip().removeprefix('GRPC_READY:')}"
        calls: Sequence[Sequence[str]] = (
            ("register", "tuning", "rate", "float", "0.5"),
            ("set", "tuning", "rate", "0.25"),
            ("get", "tuning", "rate", "--json"),
            ("watch", "tuning", "--initial", "--count", "1"),
            ("run", "tuning", "half", "n=3.0"),
        )
        answers = [run(bin_ / "varbridge", *call, "--address", address, cwd=work) for call in calls]
        assert '"value": 0.25' in answers[2], answers
        assert "initial_value" in answers[3], answers
        assert answers[4].strip() == "1.5", answers
    finally:
        server.terminate()
        server.wait(DEADLINE_S)


def environ() -> dict[str, str]:
    """Return the environment without variables that affect Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(*command: object, cwd: Path) -> str:
    """Run a command, and return its output; print the output if the command fails."""
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if ended.returncode:
        print(ended.stdout, ended.stderr, sep="\n")
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {ended.returncode}")
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())

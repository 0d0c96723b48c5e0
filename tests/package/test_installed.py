"""Tests of the installed package: from a wheel that is built from the sdist, and from a checkout."""

from __future__ import annotations

import csv
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.wheel import build

ROOT = Path(__file__).resolve().parents[2]

CONFLICTING = 'raise ImportError("a file of the user was imported instead of one of the package")\n'

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

TOOLS = """
import proto

from varbridge import tool

class Message(proto.Message):
    text = proto.Field(proto.STRING, number=1)

@tool
async def shout(text: str) -> str:
    return Message(text=text.upper()).text
"""

SERVE_AND_CALL = """
import subprocess, sys
from varbridge import Connection

command = [sys.executable, "-m", *sys.argv[2:], "--port", "0"]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
try:
    port = server.stdout.readline().strip().removeprefix("GRPC_READY:")
    with Connection(f"127.0.0.1:{port}") as connection:
        session = connection.session("s")
        if sys.argv[1] == "tool":
            session.initialize()
            print(session.execute("shout", {"text": "hi"}))
        else:
            print(session.register("x", "float", 0.5).value)
finally:
    server.terminate()
    server.wait()
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Environment:
    """A virtual environment with only the package and proto-plus."""

    def __init__(self, folder: Path, *package: str) -> None:
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.python = str(folder / "bin" / "python")
        self.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *package, "proto-plus")

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run Python in a folder and return its standard output."""
        run = subprocess.run(
            [self.python, *arguments], cwd=cwd or self.folder, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


@pytest.fixture
def users_folder(tmp_path: Path) -> Path:
    """A folder of a user with names that could conflict with modules of the package."""
    folder = tmp_path / "user"
    (folder / "server").mkdir(parents=True)
    for name in ("client.py", "harness.py", "steps.py", "server/__init__.py"):
        (folder / name).write_text(CONFLICTING, "utf-8")
    (folder / "my_tools.py").write_text(TOOLS, "utf-8")
    (folder / "serve_and_call.py").write_text(SERVE_AND_CALL, "utf-8")
    (folder / "caller.py").write_text(CALLER, "utf-8")
    return folder


def test_a_wheel_built_from_the_sdist_adds_one_name_and_works(tmp_path: Path, users_folder: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    environment = Environment(tmp_path / "venv", f"{build(dist)}[server]")
    [record] = environment.folder.glob("lib/python*/site-packages/varbridge-*.dist-info/RECORD")
    with record.open(encoding="utf-8") as rows:
        installed = [row[0] for row in csv.reader(rows)]
    top_names = {name.partition("/")[0] for name in installed}
    assert {name for name in top_names if not name.endswith(".dist-info")} == {"varbridge", ".."}
    assert [name for name in installed if name.startswith("..")] == ["../../../bin/varbridge"]
    check(environment, users_folder)


def test_an_editable_install_works(
    tmp_path: Path, users_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment(tmp_path / "venv", "-e", f"{ROOT}[server]")
    check(environment, users_folder)
    # The folder proto/ of the checkout must not hide proto-plus.
    (users_folder / "server" / "__init__.py").unlink()
    (users_folder / "server").rmdir()
    monkeypatch.setenv("PYTHONPATH", str(users_folder))
    script = str(users_folder / "serve_and_call.py")
    assert environment.run(script, "tool", "server", "--tools", "my_tools", cwd=ROOT) == "HI\n"


def check(environment: Environment, users_folder: Path) -> None:
    """Check a bridge, a call, a tool that uses proto-plus, and the types, in the folder of a user."""
    assert "proto.message" in environment.run("-c", "import varbridge, proto; print(proto.Message)")
    serve = ("serve_and_call.py", "value", "varbridge.server")
    assert environment.run(*serve, cwd=users_folder) == "0.5\n"
    serve_tools = ("serve_and_call.py", "tool", "varbridge.server", "--tools", "my_tools")
    assert environment.run(*serve_tools, cwd=users_folder) == "HI\n"
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", environment.python, "caller.py")
    checked = subprocess.run(mypy, cwd=users_folder, capture_output=True, text=True, check=False)
    errors = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, checked.stdout
    assert 'expression has type "int", variable has type "str"' in errors[0]

"""The package as others install it: from a wheel that was built from the sdist, and from a checkout."""

from __future__ import annotations

import csv
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

STRANGER = 'raise ImportError("a file of the user\'s was taken for one of the package")\n'

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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("installed")]


class Environment:
    """A virtual environment with nothing but the package and proto-plus."""

    def __init__(self, folder: Path, *package: str) -> None:
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.python = str(folder / "bin" / "python")
        self.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *package, "proto-plus")

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run Python in a folder; return its standard output."""
        done = subprocess.run(
            [self.python, *arguments], cwd=cwd or self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    # Without a choice, build makes the sdist and then the wheel of that.
    built = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module", params=["wheel", "editable"])
def environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    """An environment that has the package from the wheel, or from the checkout."""
    package = [str(request.getfixturevalue("wheel"))] if request.param == "wheel" else ["-e", str(ROOT)]
    return Environment(tmp_path_factory.mktemp(request.param) / "venv", *package)


@pytest.fixture
def users_folder(tmp_path: Path) -> Path:
    """A folder of a user's that has names which the package might take for its own."""
    for name in ("client", "harness", "steps"):
        (tmp_path / f"{name}.py").write_text(STRANGER, "utf-8")
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "__init__.py").write_text(STRANGER, "utf-8")
    (tmp_path / "my_tools.py").write_text(TOOLS, "utf-8")
    (tmp_path / "serve_and_call.py").write_text(SERVE_AND_CALL, "utf-8")
    return tmp_path


def test_the_wheel_adds_one_name(wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv", "--no-deps", str(wheel))
    [record] = environment.folder.glob("lib/python*/site-packages/varbridge-*.dist-info/RECORD")
    installed = {row[0].partition("/")[0] for row in csv.reader(record.open("r", encoding="utf-8"))}
    assert {name for name in installed if not name.endswith(".dist-info")} == {"varbridge", ".."}
    commands = {row[0] for row in csv.reader(record.open("r", encoding="utf-8")) if row[0].startswith("..")}
    assert commands == {"../../../bin/varbridge"}


def test_proto_plus_is_alive_beside_it(environment: Environment) -> None:
    assert "proto.message" in environment.run("-c", "import varbridge, proto; print(proto.Message)")


def test_the_server_serves_where_a_user_has_the_same_names(
    environment: Environment, users_folder: Path
) -> None:
    answer = environment.run("serve_and_call.py", "value", "varbridge.server", cwd=users_folder)
    assert answer == "0.5\n"


def test_a_tool_may_use_proto_plus(environment: Environment, users_folder: Path) -> None:
    server = ("varbridge.server", "--tools", "my_tools")
    assert environment.run("serve_and_call.py", "tool", *server, cwd=users_folder) == "HI\n"


def test_a_tool_may_use_proto_plus_in_the_checkout(
    environment: Environment, users_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stranger in ("client.py", "server/__init__.py"):
        (users_folder / stranger).unlink()
    (users_folder / "server").rmdir()
    monkeypatch.setenv("PYTHONPATH", str(users_folder))
    script = str(users_folder / "serve_and_call.py")
    assert environment.run(script, "tool", "server", "--tools", "my_tools", cwd=ROOT) == "HI\n"


def test_mypy_sees_the_types_from_outside(environment: Environment, users_folder: Path) -> None:
    caller = users_folder / "caller.py"
    caller.write_text(CALLER, "utf-8")
    command = ["-m", "mypy", "--strict", "--python-executable", environment.python, caller.name]
    checked = subprocess.run(
        [sys.executable, *command], cwd=users_folder, capture_output=True, text=True, check=False
    )
    errors = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, checked.stdout
    assert 'expression has type "int", variable has type "str"' in errors[0]

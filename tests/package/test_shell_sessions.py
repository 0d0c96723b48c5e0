"""Tests of the commands that the pages show one after another, run as they stand in a new folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.project import DEADLINE_S
from tests.package.documented import ROOT, SHELL, blocks, lines
from varbridge.process import ServerProcess

BIN = Path(sys.executable).parent
CLIENTS = "docs/clients.md"
RUNNING = "docs/running-the-server.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the environment of these tests as its .venv."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").write_text(f'PATH="{BIN}:$PATH"\n', "utf-8")
    return tmp_path


def start(command: str, folder: Path, address: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "BRIDGE_ADDRESS": address, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def run(command: str, folder: Path, address: str = "") -> str:
    with start(command, folder, address) as process:
        output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, command
    return output


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The address of a bridge without credentials."""
    process = ServerProcess([sys.executable, "-m", "varbridge.server", "--port", "0"])
    try:
        yield f"127.0.0.1:{process.wait_ready()}"
    finally:
        process.close()


def command_line() -> list[str]:
    """Return the commands of the page about clients, which call a bridge one after another."""
    [block] = [block for block in blocks(CLIENTS, *SHELL) if "varbridge open" in block]
    return list(lines(block))


def network() -> dict[str, str]:
    """Return the commands that lead to a bridge on the network, by the name of what each does."""
    access = [list(lines(block)) for block in blocks(RUNNING, *SHELL)]
    [(install, certificates, serve)] = [block for block in access if len(block) == 3]
    [(register, watch)] = [block for block in access if len(block) == 2 and "varbridge watch" in block[1]]
    [change] = re.findall(r"`(varbridge set [^`]+)`", (ROOT / RUNNING).read_text("utf-8"))
    return {
        "install": install,
        "certificates": certificates,
        "serve": serve,
        "register": register,
        "watch": watch,
        "change": change,
    }


def commands_of_sessions() -> list[str]:
    """Return the lines that the tests of this module run."""
    return [*command_line(), *(line for name, line in network().items() if name != "install")]


@pytest.mark.slow
def test_the_command_line_runs_as_it_stands(folder: Path, address: str) -> None:
    outputs = {line.split()[1]: run(line, folder, address) for line in command_line()}
    assert re.search(r"(?m)^value +0\.9$", outputs["get"]), outputs["get"]
    assert "3.5" in outputs["run"]
    assert outputs["end"].startswith("tuning is closed")


@pytest.mark.slow
def test_five_commands_lead_to_a_bridge_on_the_network(folder: Path) -> None:
    """The first line, which installs the package, is left out, and the bridge listens on a free port."""
    commands = network()
    [shown] = [block for block in blocks(RUNNING, "text") if "initial_value" in block]
    environment = commands["register"].rpartition(";")[0]
    run(commands["certificates"], folder)
    server = start(f"exec {commands['serve']} --port 0", folder, "")
    try:
        assert server.stdout is not None
        address = f"localhost:{server.stdout.readline().strip().removeprefix('GRPC_READY:')}"
        run(commands["register"], folder, address)
        watching = start(f"{environment}; exec {commands['watch']}", folder, address)
        assert watching.stdout is not None
        initial = watching.stdout.readline()
        run(f"{environment}; {commands['change']}", folder, address)
        updates = [initial, watching.stdout.readline()]
        os.killpg(watching.pid, signal.SIGINT)
        assert watching.wait(DEADLINE_S) == 0
        watching.stdout.close()
        assert [line.split()[1:] for line in updates] == [line.split()[1:] for line in shown.splitlines()]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(DEADLINE_S)
        assert server.stdout is not None
        server.stdout.close()

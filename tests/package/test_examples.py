"""Tests of the examples, and of the code and the features in the pages: they run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.project import DEADLINE_S, Project
from tests.package.documented import blocks, documented
from varbridge import Connection
from varbridge.process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

ANSWERS = """\
temperature is 0.9 at version 2, change 2
refused: INVALID_ARGUMENT: value: 2.5 is above maximum 2
add answered 3.5
"""


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a bridge with the tools of the examples."""
    path = f"PYTHONPATH={os.pathsep.join([str(ROOT), str(EXAMPLES)])}"
    process = ServerProcess(
        ["env", path, sys.executable, "-m", "server", "--port", "0", "--tools", "my_tools"]
    )
    try:
        yield f"127.0.0.1:{process.wait_ready()}"
    finally:
        process.close()


def run(*command: str, cwd: Path = ROOT, **environment: str) -> str:
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("example", ["client.py", "aio_client.py"])
def test_the_python_client_runs(address: str, example: str) -> None:
    assert run(sys.executable, str(EXAMPLES / example), address) == ANSWERS


def test_the_tools_run(address: str) -> None:
    with Connection(address) as connection:
        session = connection.session("s")
        session.register("learning_rate", "float", 0.5)
        session.register("loss", "float", 1.0)
        assert session.execute("ask", {"question": "life", "patience_s": 0.0}) == "The answer to 'life' is 42"
        assert session.execute("spell", {"text": "abc"}) == ["a", "b", "c"]
        assert session.execute("train", {"epochs": 2}) == [0.5, 0.25]
        assert session.get("loss").value == 0.25


@pytest.mark.slow
def test_the_node_client_runs(address: str, tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path / "node"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    install = [npm, "install", "--silent", "--no-audit", "--no-fund"]
    if subprocess.run(install, cwd=folder, capture_output=True, timeout=DEADLINE_S, check=False).returncode:
        pytest.skip("npm cannot install @grpc/grpc-js here")
    assert run(node, "client.js", address, cwd=folder, BRIDGE_PROTO=str(ROOT / "proto")) == ANSWERS


def test_the_readme_calls_a_bridge_as_it_stands(address: str) -> None:
    (client,) = [block for block in blocks("README.md", "python") if "Connection(" in block]
    assert run(sys.executable, "-c", client.replace("127.0.0.1:50051", address)) == "0.05\n"


def test_the_readme_declares_tools_as_it_stands(tmp_path: Path) -> None:
    (tools,) = [block for block in blocks("README.md", "python") if "@tool" in block]
    (tmp_path / "my_tools.py").write_text(tools)
    path = f"PYTHONPATH={os.pathsep.join([str(ROOT), str(tmp_path)])}"
    command = ["env", path, sys.executable, "-m", "server", "--port", "0", "--tools", "my_tools"]
    process = ServerProcess(command)
    try:
        address = f"127.0.0.1:{process.wait_ready()}"
        with Connection(address) as connection:
            connection.session("tuning").register("learning_rate", "float", 0.5)
        [command] = [
            place.command
            for place in documented()
            if place.page == "README.md" and place.command.startswith("varbridge run ")
        ]
        arguments = command.split()[1:]
        assert run(sys.executable, "-m", "varbridge", "--address", address, *arguments) == "0.5\n0.25\n"
    finally:
        process.close()


EXAMPLE = """
@constraints
Feature: As the page has it
  @K1
  Rule: A rule of the page

"""


@pytest.mark.parametrize("page", ["README.md", "docs/writing-features.md"])
def test_the_features_of_a_page_pass_as_they_stand(page: str, tmp_path: Path) -> None:
    [text] = blocks(page, "gherkin")
    if not text.startswith("@"):
        text = EXAMPLE + textwrap.indent(text, "    ")
    run = Project(tmp_path, {"page.feature": text}).run()
    assert run.out.endswith("scenarios: 1 passed, 0 failed, 0 skipped\n"), run.out


def test_the_readme_names_the_number_of_scenarios(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "varbridge", "judge", "--dry-run"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S)
    selected = re.search(r"of (\d+) scenarios are selected", ended.stdout)
    assert selected is not None, ended.stdout
    text = (ROOT / "README.md").read_text("utf-8")
    passed, skipped = map(int, re.findall(r"scenarios: (\d+) passed, 0 failed, (\d+) skipped", text)[0])
    assert passed + skipped == int(selected[1])
    assert f"passed all {passed} scenarios" in text
    assert f" of {selected[1]}, 0 failed" in text

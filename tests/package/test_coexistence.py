"""Tests of the messages together with others of the same interface, as Snakepit's own package has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.project import DEADLINE_S

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with stubs of the interface under its own names."""
    folder = tmp_path_factory.mktemp("others")
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}"]
    command += [f"--grpc_python_out={folder}", "snakepit_bridge.proto"]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE_S)
    return folder


@pytest.mark.parametrize("first", ["snakepit_bridge_pb2_grpc", "varbridge.messages.snakepit_bridge_pb2_grpc"])
def test_other_stubs_of_the_interface_can_be_imported_too(others: Path, first: str) -> None:
    code = f"""
import {first}
import snakepit_bridge_pb2 as other, snakepit_bridge_pb2_grpc
from varbridge.messages import snakepit_bridge_pb2 as own, snakepit_bridge_pb2_grpc
from google.protobuf.any_pb2 import Any
request = own.SetVariableRequest(session_id="s", value=Any(type_url="u", value=b"1"))
print(other.SetVariableRequest.FromString(request.SerializeToString()).value.type_url)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=others,
        env={"PYTHONPATH": f"{ROOT}:{others}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert run.stdout == "u\n", run.stderr


def test_the_paths_of_methods_have_the_package_of_the_interface() -> None:
    text = (ROOT / "varbridge" / "messages" / "snakepit_bridge_pb2_grpc.py").read_text("utf-8")
    assert "/snakepit.bridge.BridgeService/Ping" in text
    assert "'snakepit.bridge.BridgeService', rpc_method_handlers" in text
    assert "/varbridge." not in text

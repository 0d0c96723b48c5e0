"""Generate what is derived from the ``.proto`` files and committed beside them.

``python proto/generate.py`` writes the Python stubs (``--out DIR``: below ``DIR``, in the same folders);
``python proto/generate.py --baseline`` renews the image that ``buf breaking`` measures changes against.
Both need the ``dev`` extra.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("proto/snakepit_bridge.proto")
"""The interface."""
INNER = (Path("server/etcd/rpc.proto"), Path("server/storage/etcd/storage.proto"))
"""What the server alone uses: messages without stubs of services, and nothing that buf checks."""
STUBS = Path("varbridge/messages")
"""The package of the interface's stubs."""
BASELINE = Path("proto/baseline.binpb")


class ToolError(Exception):
    """A tool ended with an error; the text is what it said."""


def protoc(*arguments: str, source: Path = SOURCE) -> None:
    """Run protoc on a file, the interface unless another is named. Raises ToolError with its messages.

    The import root is the project's root, so that the descriptor's name has the folder: it must not change.
    """
    _run(sys.executable, "-m", "grpc_tools.protoc", "-I.", *arguments, source.as_posix())


def buf(*arguments: str) -> None:
    """Run buf at the project's root. Raises ToolError with its findings."""
    _run("buf", *arguments)


def write_stubs(out: Path) -> None:
    """Write the stubs below ``out``: four files for the interface, two for each of ``INNER``."""
    target = out.resolve()
    (target / STUBS).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        protoc(
            *(f"--{kind}_out={scratch}" for kind in ("python", "grpc_python")),
            *(f"--{kind}_out=quiet:{scratch}" for kind in ("mypy", "mypy_grpc")),
        )
        # protoc names the Python package after the folder of the source; the stubs have one of their own.
        for made in sorted((Path(scratch) / SOURCE.parent).iterdir()):
            text = made.read_text("utf-8")
            text = re.sub(r"(?m)^from proto import ", f"from {'.'.join(STUBS.parts)} import ", text)
            (target / STUBS / made.name).write_text(text, "utf-8")
    messages = (f"--python_out={target}", f"--mypy_out=quiet:{target}")
    for source in INNER:
        protoc(*messages, source=source)


def write_baseline() -> None:
    """Make the present interface the baseline of the breaking check.

    It moves forward only: a change that breaks the old baseline is refused. To break on purpose, delete the
    file first, so that the review sees it.
    """
    if (ROOT / BASELINE).exists():
        buf("breaking", "--against", BASELINE.as_posix())
    # Without comments and positions: the baseline changes only where the interface does.
    buf("build", "--exclude-source-info", "--output", BASELINE.as_posix())


def _run(*command: str) -> None:
    # protoc finds its plugins, and we find buf, on PATH; an environment that is not activated is not on it.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} is not installed: pip install -e '.[dev]'") from error
    if done.returncode:
        raise ToolError((done.stdout + done.stderr).strip() or f"{command[0]} ended with {done.returncode}")


def main() -> None:
    """Do what the command line asks; errors go to stderr, and the exit code is 1."""
    parser = argparse.ArgumentParser(prog="python proto/generate.py", description="Generate the stubs.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--out", metavar="DIR", type=Path, default=ROOT, help="write below DIR instead")
    choice.add_argument("--baseline", action="store_true", help="renew the baseline of the breaking check")
    options = parser.parse_args()
    try:
        if options.baseline:
            write_baseline()
        else:
            write_stubs(options.out)
    except ToolError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

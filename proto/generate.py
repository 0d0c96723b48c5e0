"""Generate the files that are derived from the ``.proto`` files and committed with them.

``python proto/generate.py`` writes the Python stubs (``--out DIR``: below ``DIR``, in the same folders);
``python proto/generate.py --baseline`` renews the image with which ``buf breaking`` compares the interface.
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
"""The file of the interface."""
INTERNAL = (Path("server/etcd/rpc.proto"), Path("server/storage/etcd/storage.proto"))
"""The files that only the server uses: they get no stubs of services, and buf does not check them."""
STUBS = Path("varbridge/messages")
"""The package of the interface's stubs."""
PACKAGE = "snakepit.bridge"
"""The package of the interface, as ``varbridge.messages.PACKAGE``."""
BASELINE = Path("proto/baseline.binpb")
"""The image of the interface with which ``buf breaking`` compares it."""


class ToolError(Exception):
    """A tool ended with an error; the message is the tool's output."""


def protoc(*arguments: str, source: Path = SOURCE) -> None:
    """Run protoc on a file, by default the interface. Raises ToolError.

    The import root is the project's root, so that the name of the descriptor, which must not change, includes
    the folder.
    """
    _run(sys.executable, "-m", "grpc_tools.protoc", "-I.", *arguments, source.as_posix())


def buf(*arguments: str) -> None:
    """Run buf in the project's root. Raises ToolError."""
    _run("buf", *arguments)


def write_stubs(out: Path) -> None:
    """Write the stubs below ``out``: four files for the interface, two for each of ``INTERNAL``.

    protobuf keeps the messages of all of a process in one registry, by file and package. So that the stubs
    can be imported together with those of Snakepit, their messages are registered under the name of their
    Python package; only the paths of the methods, which go over the wire, have the package of the interface.
    """
    target = out.resolve()
    (target / STUBS).mkdir(parents=True, exist_ok=True)
    own = ".".join(STUBS.parts)
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / STUBS / SOURCE.name
        copy.parent.mkdir(parents=True)
        text = (ROOT / SOURCE).read_text("utf-8")
        text = text.replace(f"package {PACKAGE};", f"package {own};")
        # The numbers of options are registered as well, so that of a second copy must differ.
        text = re.sub(r"(?<=method_traits = )\d+", lambda number: str(int(number[0]) + 1), text)
        copy.write_text(text, "utf-8")
        protoc(
            f"-I{scratch}",
            *(f"--{kind}_out={scratch}" for kind in ("python", "grpc_python")),
            *(f"--{kind}_out=quiet:{scratch}" for kind in ("mypy", "mypy_grpc")),
            source=copy,
        )
        copy.unlink()
        for stub in sorted(copy.parent.iterdir()):
            text = stub.read_text("utf-8")
            if stub.stem.endswith("_grpc"):
                text = re.sub(rf"(?<=['/]){re.escape(own)}\.(?=[A-Z])", f"{PACKAGE}.", text)
            (target / STUBS / stub.name).write_text(text, "utf-8")
    messages = (f"--python_out={target}", f"--mypy_out=quiet:{target}")
    for source in INTERNAL:
        protoc(*messages, source=source)


def write_baseline() -> None:
    """Make the current interface the baseline of the check for breaking changes.

    A change that breaks the old baseline is refused. To break it on purpose, delete the file first, so that
    reviewers notice it.
    """
    if (ROOT / BASELINE).exists():
        buf("breaking", "--against", BASELINE.as_posix())
    # Without comments and positions, so that the baseline changes only with the interface.
    buf("build", "--exclude-source-info", "--output", BASELINE.as_posix())


def _run(*command: str) -> None:
    # protoc finds its plugins on PATH, and so is buf found. PATH lacks an environment that is not activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    try:
        result = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} is not installed: pip install -e '.[dev]'") from error
    if result.returncode:
        output = (result.stdout + result.stderr).strip()
        raise ToolError(output or f"{command[0]} ended with exit code {result.returncode}")


def main() -> None:
    """Run the command; an error is printed on stderr, and the exit code is then 1."""
    parser = argparse.ArgumentParser(
        prog="python proto/generate.py", description="Generate the Python stubs of the .proto files."
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=ROOT,
        help="root directory of the stubs; the project's by default",
    )
    choice.add_argument(
        "--baseline",
        action="store_true",
        help="renewal of the baseline for breaking changes, instead of the stubs",
    )
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

"""``varbridge judge``: a run of the installed suite, in any folder.

The features, the steps and the settings of behave are those of the package, whatever settings, features and
modules the folder has. Reports are written to ``reports/`` in that folder.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from typing import Any

from varbridge.conformance.__main__ import run
from varbridge.conformance.paths import SUITE
from varbridge.conformance.target.options import OPTIONS

EPILOG = """\
Paths begin with features/ and are those of the suite inside the package. All other options are behave's, such
as --tags=@streaming, --tags=@W3, --name, --stop, --jobs and -f.

exit codes: 0 passed; 1 does not conform; 2 not judged; 3 the run itself is broken."""


def main(arguments: Sequence[str]) -> int:
    """Judge a bridge by these arguments, and return the exit code of the verdict."""
    parser = argparse.ArgumentParser(
        prog="varbridge judge",
        description="Judge a bridge by the features: the reference bridge, or the one that the options name.",
        epilog=EPILOG,
        usage="varbridge judge [--target HOST:PORT | --command CMD] [OPTIONS] [features/PATH[:LINE] ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, meaning in OPTIONS.items():
        parser.add_argument(f"--{name}", metavar="VALUE", help=meaning)
    options, others = parser.parse_known_args(arguments)
    defined = [
        text
        for name, value in vars(options).items()
        if value is not None
        for text in ("-D", f"{name.replace('_', '-')}={value}")
    ]
    return run([*defined, *others], settings=_settings(), folder=SUITE)


def _settings() -> dict[str, Any]:
    """Return the settings of behave that the suite needs."""
    content = tomllib.loads((SUITE / "pyproject.toml").read_text("utf-8"))
    settings: dict[str, Any] = content["tool"]["behave"]
    return settings

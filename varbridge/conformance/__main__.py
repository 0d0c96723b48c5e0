"""The suite's command, which takes behave's command line, in any folder.

If behave cannot read the command line, it ends with 1, the exit code of a bridge that does not conform. This
command ends with 2 then, and writes the verdict "not judged".
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from behave.__main__ import run_behave
from behave.configuration import Configuration
from behave.exception import ConfigError, TagExpressionError

from varbridge.conformance.report.terminal import print_verdict
from varbridge.conformance.run import reports
from varbridge.conformance.run.decision import Findings, decide
from varbridge.conformance.run.runner import ConformanceRunner
from varbridge.conformance.run.selection import NOTHING


def run(
    arguments: list[str], *, settings: Mapping[str, Any] | None = None, folder: Path | None = None
) -> int:
    """Run behave with these arguments, and return the exit code of the verdict.

    Args:
        arguments: the arguments of behave's command line.
        settings: the settings of behave; None for those that it finds in the working directory.
        folder: the folder of the features and steps; None for the working directory.

    Raises:
        SystemExit: the verdict is "not judged" or "broken run", or behave has printed its usage.
    """
    try:
        config = Configuration(arguments, load_config=settings is None, **(settings or {}))
    except (TagExpressionError, ConfigError) as error:
        return _refuse(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    except re.error as error:
        return _refuse(f"--name {error.pattern!r} is not a regular expression: {error}")
    if folder is not None:
        config.paths = [str(folder / path) for path in config.paths or ["features"]]
    return int(run_behave(config, ConformanceRunner))


def _refuse(sentence: str) -> int:
    """Print and write that nothing was judged, for this reason; return the exit code."""
    data = reports.collect(decide(Findings(refused=sentence)), [], [], NOTHING, None, time.time(), {})
    with suppress(reports.ReportsError):
        reports.clear()
        reports.write(data)
    print_verdict(data)
    return data.verdict.exit_code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

"""The output of a run on stdout, which never changes the verdict: the stream may be full, closed or ASCII."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, TextIO, cast


class Output:
    """A stream that discards the output after a write has failed, and replaces characters that it lacks.

    Args:
        stream: the stream to write to; None if the process has none.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.error = ""
        """The reason why the output was cut off; empty if it was not."""
        self._stream: TextIO = open(os.devnull, "w") if stream is None else stream  # noqa: PTH123, SIM115
        if isinstance(self._stream, TextIOWrapper):
            self._stream.reconfigure(errors="backslashreplace")

    @classmethod
    def replace_stdout(cls, config: Any) -> Output:
        """Replace stdout, and return the new stream.

        Args:
            config: behave's configuration, whose formatters hold the old stream.
        """
        if sys.stderr is None:  # behave's capture needs one
            sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
        old, output = sys.stdout, cls(sys.stdout)
        sys.stdout = sys.__stdout__ = cast(TextIOWrapper, output)  # type: ignore[misc]
        for opener in config.outputs:
            if opener.stream is old and opener.name is None:
                opener.stream, opener.should_close_stream = output, False
        return output

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._cut_off(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._cut_off(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _cut_off(self, error: OSError) -> None:
        """Redirect the stream to a null device: Python would retry the failed write when the process ends."""
        self.error = self.error or error.strerror or str(error)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._stream.fileno())
        os.close(null)
        with suppress(OSError):
            self._stream.flush()

"""Flags of the command line, each declared once: in the annotation of the field that it sets."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Flag:
    """Metadata of a field of a ``NamedTuple``: the flag that sets it.

    A field that is False by default has a flag without a value; a tuple, one that may be repeated.

    Args:
        name: of the flag, with its dashes.
        text: told by ``--help``.
        convert: reads what is given; raises ``ArgumentTypeError``.
        options: of ``ArgumentParser.add_argument``.
    """

    def __init__(
        self, name: str, text: str | None = None, convert: Callable[[str], Any] = str, **options: Any
    ) -> None:
        self.name = name
        self.convert = convert
        self.options = {"help": text, **options}

    def add_to(self, parser: argparse.ArgumentParser, default: object) -> None:
        """Have a parser take the flag."""
        if default is False:
            parser.add_argument(self.name, action="store_true", **self.options)
        elif isinstance(default, tuple):
            parser.add_argument(
                self.name, action="append", default=[*default], type=self.convert, **self.options
            )
        else:
            parser.add_argument(self.name, default=default, type=self.convert, **self.options)

    def value(self, given: argparse.Namespace) -> Any:
        """Return what was given for the flag, or its default."""
        value = getattr(given, self.name.removeprefix("--").replace("-", "_"))
        return tuple(dict.fromkeys(value)) if isinstance(value, list) else value


def add_flags(parser: argparse.ArgumentParser, defaults: NamedTuple) -> None:
    """Have a parser take the flags of all fields, and of those of the tuples in it."""
    for field, annotation in type(defaults).__annotations__.items():
        default = getattr(defaults, field)
        if hasattr(annotation, "__metadata__"):
            annotation.__metadata__[0].add_to(parser, default)
        else:
            add_flags(parser, default)


def from_flags(declared: type[T], given: argparse.Namespace) -> T:
    """Return an instance with what the flags say of each field."""
    values = {
        field: annotation.__metadata__[0].value(given)
        if hasattr(annotation, "__metadata__")
        else from_flags(annotation, given)
        for field, annotation in declared.__annotations__.items()
    }
    return declared(**values)


def _number(kind: type[int] | type[float], low: float, high: float, what: str) -> Callable[[str], Any]:
    def convert(text: str) -> int | float:
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be {what}, not {text!r}")
        return number

    return convert


as_port = _number(int, 0, 65535, "a port, 0 to 65535")
as_seconds = _number(float, 0.001, 1e9, "a number of seconds above 0")
as_count = _number(int, 1, 1e12, "a whole number above 0")
as_bytes = _number(int, 1024, 2**31 - 1, "a number of bytes, 1024 to 2147483647")

"""Command-line flags, each declared once: in the annotation of the field that it sets."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

ADDRESS = "Address and TLS"
AUTHENTICATION = "Authentication"
STORAGE = "Storage and clustering"
TIMEOUTS = "Timeouts"
LIMITS = "Limits"
TOOLS = "Tools"
MONITORING = "Logging and monitoring"
DIAGNOSTICS = "Diagnostics"


class Flag:
    """The command-line flag that sets a field of a ``NamedTuple``, declared in the field's annotation.

    If the field's default is False, the flag has no value; if it is a tuple, the flag may be repeated.

    Args:
        name: the name of the flag, with its dashes.
        description: a noun phrase for ``--help``, with the unit of the value.
        convert: the function that converts the value from text; it raises ``ArgumentTypeError`` if it is
            invalid.
        group: the heading under which ``--help`` lists the flag.
        options: further options of ``ArgumentParser.add_argument``.
    """

    def __init__(
        self, name: str, description: str, convert: Callable[[str], Any], group: str, **options: Any
    ) -> None:
        self.name = name
        self.description = description
        self.convert = convert
        self.group = group
        self.options = options

    def add_to(self, parser: argparse._ArgumentGroup, default: object) -> None:
        """Add the flag, with the default value of its field, to a group of flags of a parser."""
        if default is False:
            parser.add_argument(self.name, action="store_true", help=self.description, **self.options)
            return
        shown = f"{default:g}" if isinstance(default, float) else default
        help_text = f"{self.description} (default: {shown})" if default else self.description
        options = {"type": self.convert, "metavar": METAVARS.get(self.convert), **self.options}
        if isinstance(default, tuple):
            parser.add_argument(self.name, action="append", default=[*default], help=help_text, **options)
        else:
            # The parser converts a default that is a text, too, and an empty one would be refused.
            parser.add_argument(
                self.name, default=None if default == "" else default, help=help_text, **options
            )

    def value(self, arguments: argparse.Namespace) -> Any:
        """Return the flag's value on the command line, or its default."""
        value = getattr(arguments, self.name.removeprefix("--").replace("-", "_"))
        if value is None:
            return ""
        return tuple(dict.fromkeys(value)) if isinstance(value, list) else value


def add_flags(parser: argparse.ArgumentParser, defaults: NamedTuple) -> None:
    """Add the flags of all fields of ``defaults``, nested tuples included, to a parser, by group."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for flag, default in _flags(defaults):
        if flag.group not in groups:
            groups[flag.group] = parser.add_argument_group(flag.group)
        flag.add_to(groups[flag.group], default)


def _flags(defaults: NamedTuple) -> Iterator[tuple[Flag, object]]:
    for field, annotation in type(defaults).__annotations__.items():
        default = getattr(defaults, field)
        if hasattr(annotation, "__metadata__"):
            yield annotation.__metadata__[0], default
        else:
            yield from _flags(default)


def from_flags(declared: type[T], arguments: argparse.Namespace) -> T:
    """Return an instance of ``declared``, whose fields have the values of their parsed flags."""
    values = {
        field: annotation.__metadata__[0].value(arguments)
        if hasattr(annotation, "__metadata__")
        else from_flags(annotation, arguments)
        for field, annotation in declared.__annotations__.items()
    }
    return declared(**values)


NUMERIC = frozenset("0123456789.eE+-")
"""The characters of a number; Python also reads blanks, underscores and the digits of other scripts."""


def _number(kind: type[int] | type[float], low: float, high: float, description: str) -> Callable[[str], Any]:
    def convert(text: str) -> int | float:
        try:
            number = kind(text) if NUMERIC.issuperset(text) else math.nan
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be {description}, not {text!r}")
        return number

    return convert


def as_text(text: str) -> str:
    """Return a text, which must not be empty: an unset variable of a shell must not leave out a flag."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty; leave the flag out if it has no value")
    return text


as_port = _number(int, 0, 65535, "a port, 0 to 65535")
as_seconds = _number(float, 0.001, 1e9, "a number of seconds above 0")
as_count = _number(int, 1, 1e12, "a whole number above 0")
as_bytes = _number(int, 1024, 2**31 - 1, "a number of bytes, 1024 to 2147483647")

METAVARS: dict[Callable[[str], Any], str] = {
    as_port: "PORT",
    as_seconds: "SECONDS",
    as_count: "N",
    as_bytes: "BYTES",
}
"""The placeholder of a flag's value in ``--help``, by the function that converts the value."""

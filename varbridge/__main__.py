"""``python -m varbridge``: the flags, and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from varbridge import cli, commands
from varbridge.connection import is_address
from varbridge.output import read

DEFAULT_ADDRESS = "127.0.0.1:50051"

EPILOG = """\
Values and parameters are JSON: 0.5, true, [1, 2], '{"a": 1}'. A bare word that is no JSON is taken as
a string, NaN and Infinity too, which is how a bridge has them; '"42"' is the string 42. What begins
with a minus and is no plain number comes after --: set SESSION NAME -- -1e3. Large arrays are shown
as what they hold and their shape, and with --json in full.

The options may also stand after the command. Their defaults come from the environment: BRIDGE_ADDRESS,
BRIDGE_CA, BRIDGE_CERT, BRIDGE_KEY and BRIDGE_TOKEN_FILE. TLS is spoken where there is a --ca or a --cert;
a token goes to other machines over TLS alone.

exit codes: 0 done (a watch that Ctrl-C ends, too); 1 refused or failed; 2 bad usage; 3 no answer from a
bridge, in time or at all; 130 Ctrl-C."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"varbridge: {cli.one_line(message)} (--help lists what there is)\n")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command and its flags; a bad one ends the process with a word on stderr and exit code 2."""
    parser = _Parser(
        prog="python -m varbridge",
        description="Speaks to a bridge.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_options(parser, os.environ.get)
    below = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, work: cli.Work, words: str, *, until_stopped: bool = False) -> argparse.ArgumentParser:
        made = below.add_parser(name, help=words, description=words, allow_abbrev=False)
        # What stands before the command is not overwritten by the defaults of what may stand after it.
        _add_options(made, lambda *_: argparse.SUPPRESS)
        made.set_defaults(work=work, until_stopped=until_stopped)
        if name != "ping":
            made.add_argument("session", metavar="SESSION")
        return made

    add("ping", commands.ping, "ask for a sign of life")
    add("session", commands.session, "what a session was opened with, and how much it holds")
    made = add("open", commands.open_session, "open a session")
    made.add_argument("metadata", metavar="KEY=VALUE", nargs="*", type=_pair, help="kept with the session")
    made.add_argument("--ttl", type=_number(1, 2**31 - 1), default=0, metavar="S", help="seconds unused")
    add("end", commands.end, "end a session, with all that it holds")
    made = add("list", commands.list_variables, "the variables of a session")
    made.add_argument("pattern", metavar="PATTERN", nargs="?", default="", help="with * and ?")
    made = add("register", commands.register, "create a variable, and its session where it is not open")
    made.add_argument("name", metavar="NAME")
    made.add_argument(
        "kind",
        metavar="TYPE",
        help="float, integer, string, boolean, choice, module, embedding or tensor",
    )
    made.add_argument("value", metavar="VALUE", type=read)
    made.add_argument("--constraints", default="", metavar="JSON", help='an object: {"min": 0, "max": 1}')
    _named(add("get", commands.get, "read a variable"))
    made = _named(add("set", commands.set_variable, "give a variable a new value"))
    made.add_argument("value", metavar="VALUE", type=read)
    made.add_argument("--expected-version", type=_number(0, 2**31 - 1), metavar="N", help="only at this one")
    made.add_argument(
        "--meta", action="append", default=[], type=_pair, metavar="K=V", help="merged into its"
    )
    _named(add("delete", commands.delete, "remove a variable"))
    made = _named(add("history", commands.history, "the changes of a variable, newest first"))
    made.add_argument("--limit", type=_number(1, 2**31 - 1), default=0, metavar="N", help="at most so many")
    made = _named(add("rollback", commands.roll_back, "write the value of an older version again"))
    made.add_argument("version", metavar="VERSION", type=_number(1, 2**31 - 1))
    made = add(
        "watch", commands.watch, "changes as they come, also past lost connections", until_stopped=True
    )
    made.add_argument("names", metavar="NAME", nargs="*", help="none for every variable")
    begin = made.add_mutually_exclusive_group()
    begin.add_argument("--initial", action="store_true", help="the present values come first")
    begin.add_argument(
        "--resume-after", type=_number(0, 2**63 - 1), metavar="N", help="a #number seen before"
    )
    made.add_argument("--count", type=_number(1, 2**63 - 1), metavar="N", help="end after so many")
    add("tools", commands.tools, "the tools that can be run in a session")
    made = add("run", commands.run, "run a tool; one that streams is shown as it goes")
    made.add_argument("tool", metavar="TOOL")
    made.add_argument("parameters", metavar="NAME=JSON", nargs="*", type=_parameter)
    for word in arguments:
        if not _is_text(word):
            parser.error(f"{word!r} is no UTF-8")
    return parser.parse_args(arguments)


def _add_options(parser: argparse.ArgumentParser, default: Callable[..., Any]) -> None:
    group = parser.add_argument_group("where the bridge is, and how to speak to it")
    add = group.add_argument
    add(
        "--address",
        type=_address,
        default=default("BRIDGE_ADDRESS", DEFAULT_ADDRESS),
        metavar="HOST:PORT",
        help=f"of the bridge, or of several with commas between them ({DEFAULT_ADDRESS})",
    )
    add("--ca", default=default("BRIDGE_CA"), metavar="FILE", help="who signs the bridge's certificate, PEM")
    add("--cert", default=default("BRIDGE_CERT"), metavar="FILE", help="a certificate of one's own, PEM")
    add("--key", default=default("BRIDGE_KEY"), metavar="FILE", help="its private key, PEM")
    add(
        "--token-file",
        default=default("BRIDGE_TOKEN_FILE"),
        metavar="FILE",
        help="the first line of it that is no # comment is the token",
    )
    add(
        "--timeout",
        type=_seconds,
        default=default("", None),
        metavar="S",
        help="seconds that an answer may take (10; as long as it runs for a tool)",
    )
    add(
        "--json",
        action="store_true",
        default=default("", False),
        help="one JSON object on each line, for scripts",
    )


def _named(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name", metavar="NAME", help="or the variable's id")
    return parser


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"must be KEY=VALUE, not {text!r}")
    return key, value


def _parameter(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"must be NAME=JSON, not {text!r}")
    return name, read(value)


def _address(text: str) -> str:
    for one in text.split(","):
        if not is_address(one):
            raise argparse.ArgumentTypeError(f"{one.strip()!r} is no HOST:PORT")
    return text


def _number(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"must be a whole number, {low} to {high}, not {text!r}")
        return int(text)

    return convert


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.001 <= seconds <= 1e9:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return seconds


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def main() -> int:
    """Do what the command line says; return the exit code of the process."""
    return cli.run(lambda: parse(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())

"""The command line of the calls of a bridge: the parser of its arguments."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from varbridge import __version__, cli, commands
from varbridge.channel import is_address
from varbridge.output import read
from varbridge.programs import PROGRAMS

DEFAULT_ADDRESS = "127.0.0.1:50051"

EPILOG = """\
Values and parameters are JSON: 0.5, true, [1, 2], '{"a": 1}'. Text that is not JSON is taken as a string,
including NaN and Infinity; '"42"' is the string 42. An argument that begins with a minus sign and is not
a plain number must follow --: set SESSION NAME -- -1e3. Large arrays are shown as their item type and
shape; --json prints them in full. Bytes from a tool are shown in base64.

Options may precede or follow the command. Their defaults come from the environment variables
BRIDGE_ADDRESS, BRIDGE_CA, BRIDGE_CERT, BRIDGE_KEY and BRIDGE_TOKEN_FILE. --ca or --cert enables TLS;
tokens are sent to other machines only over TLS.

exit codes: 0 success (also a watch that Ctrl-C stops); 1 refused or failed; 2 bad usage; 3 no answer
from a bridge, or not in time; 130 stopped by Ctrl-C."""


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"varbridge: {cli.one_line(message)} (see --help)\n")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; a usage error ends the process with a message on stderr and exit code 2."""
    parser = _Parser(
        prog="varbridge",
        description="Call a bridge (sessions, variables, watches, tools), start one, or judge one.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"varbridge {__version__}")
    _add_options(parser, os.environ.get)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def add(name: str, work: cli.Work, text: str, *, until_stopped: bool = False) -> argparse.ArgumentParser:
        command = subparsers.add_parser(name, help=text, description=f"{text}.", allow_abbrev=False)
        # The defaults of the options after the command must not replace the options before it.
        _add_options(command, lambda *_: argparse.SUPPRESS)
        command.set_defaults(work=work, until_stopped=until_stopped)
        if name != "ping":
            command.add_argument("session", metavar="SESSION", help="the id of the session")
        return command

    add("ping", commands.ping, "Check that the bridge answers, and measure how long its answer takes")
    add(
        "session",
        commands.session,
        "Show a session's metadata and the numbers of its variables and tools",
    )
    command = add("open", commands.open_session, "Open a session")
    command.add_argument(
        "metadata", metavar="KEY=VALUE", nargs="*", type=_pair, help="an entry of the session's metadata"
    )
    command.add_argument(
        "--ttl",
        type=_number(1, 2**31 - 1),
        default=0,
        metavar="SECONDS",
        help="the time without calls after which the session expires, in seconds (default: the bridge's own)",
    )
    add("end", commands.end, "Close a session, with its variables, watches and tools")
    command = add("list", commands.list_variables, "List the variables of a session")
    command.add_argument(
        "pattern",
        metavar="PATTERN",
        nargs="?",
        default="",
        help="a glob of names with * and ? (default: all)",
    )
    command = add("register", commands.register, "Create a variable; open the session if it is not open")
    command.add_argument("name", metavar="NAME", help="the name of the variable")
    command.add_argument(
        "kind",
        metavar="TYPE",
        help="float, integer, string, boolean, choice, module, embedding or tensor",
    )
    command.add_argument("value", metavar="VALUE", type=read, help="the initial value")
    command.add_argument(
        "--constraints",
        default="",
        metavar="JSON",
        help='the constraints as a JSON object, such as {"min": 0, "max": 1}',
    )
    _named(add("get", commands.get, "Show a variable"))
    command = _named(add("set", commands.set_variable, "Set a variable"))
    command.add_argument("value", metavar="VALUE", type=read, help="the new value")
    command.add_argument(
        "--expected-version",
        type=_number(0, 2**31 - 1),
        metavar="N",
        help="set the variable only if this is its current version",
    )
    command.add_argument(
        "--meta",
        action="append",
        default=[],
        type=_pair,
        metavar="K=V",
        help="an entry to merge into the variable's metadata; may be repeated",
    )
    _named(add("delete", commands.delete, "Delete a variable"))
    command = _named(add("history", commands.history, "Show the versions of a variable, newest first"))
    command.add_argument(
        "--limit",
        type=_number(1, 2**31 - 1),
        default=0,
        metavar="N",
        help="the maximum number of versions, the newest ones (default: all that the bridge retains)",
    )
    command = _named(add("rollback", commands.roll_back, "Set a variable to the value of an older version"))
    command.add_argument(
        "version", metavar="VERSION", type=_number(1, 2**31 - 1), help="the number of the older version"
    )
    command = add(
        "watch", commands.watch, "Show changes as they occur, and reconnect if needed", until_stopped=True
    )
    command.add_argument("names", metavar="NAME", nargs="*", help="a variable to watch (default: all)")
    start = command.add_mutually_exclusive_group()
    start.add_argument("--initial", action="store_true", help="show the present values first")
    start.add_argument(
        "--resume-after",
        type=_number(0, 2**63 - 1),
        metavar="N",
        help="show the changes after this sequence, which is the number after # in the output",
    )
    command.add_argument(
        "--count",
        type=_number(1, 2**63 - 1),
        metavar="N",
        help="stop after this number of changes (default: never)",
    )
    add("tools", commands.tools, "List the tools of a session")
    command = add("run", commands.run, "Run a tool; show the chunks of a streaming tool as they arrive")
    command.add_argument("tool", metavar="TOOL", help="the name of the tool")
    command.add_argument(
        "parameters", metavar="NAME=JSON", nargs="*", type=_parameter, help="a parameter of the tool"
    )
    for name, program in PROGRAMS.items():
        subparsers.add_parser(name, help=program.help, add_help=False)
    _complete(parser)
    for argument in arguments:
        if not _is_text(argument):
            parser.error(f"the argument {argument!r} is not UTF-8")
    return parser.parse_args(arguments)


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell, if it asks for completions and argcomplete is installed; this ends the process."""
    if "_ARGCOMPLETE" in os.environ:
        with suppress(ImportError):
            import argcomplete

            argcomplete.autocomplete(parser)


def _add_options(parser: argparse.ArgumentParser, default: Callable[..., Any]) -> None:
    group = parser.add_argument_group("connection and output")
    add = group.add_argument
    add(
        "--address",
        type=_address,
        default=default("BRIDGE_ADDRESS", DEFAULT_ADDRESS),
        metavar="HOST:PORT",
        help="the address of the bridge, or comma-separated addresses of the bridges of a cluster"
        f" (default: {DEFAULT_ADDRESS})",
    )
    add(
        "--ca",
        default=default("BRIDGE_CA"),
        metavar="FILE",
        help="the PEM file of the authority that signed the bridge's certificate",
    )
    add("--cert", default=default("BRIDGE_CERT"), metavar="FILE", help="the PEM file of a client certificate")
    add(
        "--key",
        default=default("BRIDGE_KEY"),
        metavar="FILE",
        help="the PEM file of the private key of the client certificate",
    )
    add(
        "--token-file",
        default=default("BRIDGE_TOKEN_FILE"),
        metavar="FILE",
        help="a file with the token of every call; the first line that is not a # comment is used",
    )
    add(
        "--timeout",
        type=_seconds,
        default=default("", None),
        metavar="SECONDS",
        help="the timeout of a call, in seconds (default: 10; none for tools)",
    )
    add(
        "--json",
        action="store_true",
        default=default("", False),
        help="print one JSON object per line, for scripts, instead of text for people",
    )


def _named(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name", metavar="NAME", help="the name or the id of the variable")
    return parser


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"must be KEY=VALUE, not {text!r}")
    return key, value


def _parameter(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"must be NAME=JSON, not {text!r}")
    return name, read(value)


def _address(text: str) -> str:
    for address in text.split(","):
        if not is_address(address):
            raise argparse.ArgumentTypeError(f"{address.strip()!r} is not HOST:PORT")
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


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True

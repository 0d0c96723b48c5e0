"""The registry of tags: their meanings, and the tags whose scenarios a run excludes by default."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from varbridge.conformance.clauses import CLAUSES, STATEMENTS, clause_of, statements_of_clause

AREAS = {
    "startup": "the server process starts and reports that it is ready",
    "sessions": "sessions open and end, and are isolated from each other",
    "variables": "variables are registered, read, set, listed and deleted",
    "types": "each type accepts its valid values and refuses all others",
    "constraints": "values satisfy the constraints of their registration",
    "streaming": "watches receive every change",
    "tools": "tools run, fail and stream",
    "recovery": "processes and connections fail and recover",
    "limits": "limits on sizes and counts, and refusals beyond them",
    "security": "authentication, authorization and TLS",
    "walks": "random walks are answered as the model of the contract says",
    "distributed": "several bridges share one store",
    "performance": "response times and throughput stay within their targets",
    "soak": "resource use does not grow over long runs",
}

CAPABILITIES = {
    "requires_process": "a bridge that the suite starts itself (not -D target)",
    "requires_plain_text": "a bridge that the suite starts without TLS and tokens (no -D ca, no token-file)",
    "requires_durable": "a bridge that takes --data-dir and persists its state there",
    "requires_failpoints": "a bridge that takes --failpoint, which makes it kill itself at a given place",
    "requires_faulty_disk": "a machine with the compiler cc, to build a library that is preloaded and makes"
    " the bridge's calls on files fail",
    "requires_own_worker": "the reference bridge: it judges the worker of this project's client library",
    "requires_etcd": "a bridge that takes --store etcd://… and shares that store with other bridges",
    "requires_caps": "a bridge that takes limits such as --max-tools, --max-running-tools and --max-metadata",
    "requires_scoped_tokens": "a bridge whose tokens have scopes, and that reloads its tokens, and on SIGHUP "
    "its certificates, while it runs",
    "requires_operator_flags": "a bridge that takes --check and --log-calls and offers the health service",
    "requires_observe": "a bridge that takes --metrics, --reflection and --log-format json; the reference "
    "bridge does after pip install '.[observe]'",
    "requires_current_service": "the service BridgeService, with the five methods that SnakepitBridge lacks",
    "requires_current_fields": "the fields with numbers from 100, such as request_id and sequence, which"
    " SnakepitBridge lacks",
    "requires_older_service": "a bridge that offers SnakepitBridge in addition to BridgeService",
    "requires_standard_tools": "the tools of the reference bridge: echo, add, fail, count and others",
}

REFERENCE_ONLY = {
    *(
        "requires_failpoints",
        "requires_own_worker",
        "requires_etcd",
        "requires_caps",
    ),
    *("requires_scoped_tokens", "requires_operator_flags", "requires_observe"),
}
"""The capabilities that the contract does not cover; other bridges have those that their profile grants."""

CURRENT_SERVICE = frozenset({"requires_current_service", "requires_current_fields"})
"""The capabilities of BridgeService that SnakepitBridge lacks."""

WIP = "wip"
"""The tag of unfinished scenarios ("work in progress"), which need no clause and no unique name yet."""

LEFT_OUT = ("performance", "soak", "distributed", WIP)
"""The tags whose scenarios run only if the run names the tag."""

_WORD = re.compile(r"@?([A-Za-z_][\w.]*)")
_OPERATORS = {"and", "or", "not", "true", "false"}


class UnknownTagError(Exception):
    """A tag that is not in the registry; the message names it and lists the known ones."""


def check(tags: Iterable[str], where: str) -> None:
    """Refuse tags that are not in the registry.

    Raises:
        UnknownTagError: a tag is unknown; the message names it and its place, ``where``.
    """
    for tag in tags:
        if _looks_like_statement(tag):
            ids = ", ".join(f"@{statement}" for statement in statements_of_clause(clause_of(tag)))
            raise UnknownTagError(f"{where}: unknown tag @{tag}; the statements of its clause are {ids}")
        if tag not in {*AREAS, *CAPABILITIES, *CLAUSES, *STATEMENTS, WIP}:
            known = ", ".join(f"@{name}" for name in (*AREAS, *CAPABILITIES, WIP))
            raise UnknownTagError(
                f"{where}: unknown tag @{tag}; known tags: {known}, and ids of clauses such as @W3"
                " and of their statements such as @W3.1"
            )


def _looks_like_statement(tag: str) -> bool:
    """Return True if a tag has the id of a clause and the number of a statement that the clause lacks."""
    return tag not in STATEMENTS and "." in tag and clause_of(tag) in CLAUSES


def selection(requested: str) -> str:
    """Return the tag expression of a run: the requested one, less default exclusions that it does not name.

    Args:
        requested: the expression of the command line; empty or "true" for everything.
    """
    named = {word for word in _WORD.findall(requested) if word.lower() not in _OPERATORS}
    check(sorted(named), "--tags")
    left_out = [f"not @{tag}" for tag in LEFT_OUT if tag not in named]
    return " and ".join([f"({requested or 'true'})" if named else "", *left_out][not named :])


def narrow(config: Any) -> None:
    """Replace the tag expression of behave's configuration by that of ``selection``."""
    from behave.tag_expression import make_tag_expression

    requested = str(config.tag_expression.to_string())
    expression = selection("" if requested.lower() in ("true", "true()") else requested)
    if expression:
        config.tag_expression = make_tag_expression(expression)

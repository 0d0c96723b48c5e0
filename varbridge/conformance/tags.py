"""The tags: which there are, what each means, and which scenarios a run leaves out unless it names them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from varbridge.conformance.clauses import CLAUSES

AREAS = {
    "startup": "the server process starts and says so",
    "sessions": "sessions open, end, and share nothing",
    "variables": "variables are registered, read, set, listed and deleted",
    "types": "each type takes what it must and refuses what it must",
    "constraints": "values stay within what registration allowed",
    "streaming": "watches learn of every change",
    "tools": "tools run, fail and stream",
    "recovery": "what happens when processes and connections die",
    "limits": "caps, and what happens at them",
    "security": "who gets in",
    "distributed": "several bridges over one store",
    "performance": "figures that the plan asked for",
    "soak": "long runs that must not grow",
}

CAPABILITIES = {
    "requires_process": "a bridge that the suite starts itself (not -D target)",
    "requires_durable": "a bridge that takes --data-dir, and keeps its state there",
    "requires_failpoints": "a bridge that takes --failpoint, to die at a moment that only it knows",
    "requires_etcd": "a bridge that takes --store etcd://…, which it shares with others",
    "requires_caps": "a bridge that takes --max-tools, --max-running-tools, --max-metadata and so on",
    "requires_scoped_tokens": "a bridge whose tokens may be good for less than everything, and that takes "
    "new tokens, and on SIGHUP new certificates, while it runs",
    "requires_operator_flags": "a bridge that takes --check and --log-calls, and tells its health",
    "requires_observe": "a bridge that takes --metrics, --reflection and --log-format json, as the reference "
    "bridge does once pip install '.[observe]' has brought what they need",
    "requires_current_service": "the present service name, with the five methods that the older lacks",
    "requires_standard_tools": "the tools that come with the server: echo, add, fail, count and so on",
}

REFERENCE_ALONE = {
    *("requires_failpoints", "requires_etcd", "requires_caps"),
    *("requires_scoped_tokens", "requires_operator_flags", "requires_observe"),
}
"""What other bridges do not have unless their profile says so: the contract does not speak of it."""

LEFT_OUT = ("performance", "soak", "distributed")
"""Left out unless the run names that very tag."""

_WORD = re.compile(r"@?([A-Za-z_][\w.]*)")
_OPERATORS = {"and", "or", "not", "true", "false"}


class UnknownTagError(Exception):
    """A tag that means nothing here; the message names it and says which there are."""


def check(tags: Iterable[str], where: str) -> None:
    """Refuse tags that are not in the registry.

    Raises:
        UnknownTagError: naming the tag and ``where`` it stands.
    """
    for tag in tags:
        if tag not in AREAS and tag not in CAPABILITIES and tag not in CLAUSES:
            known = ", ".join(f"@{name}" for name in (*AREAS, *CAPABILITIES))
            raise UnknownTagError(
                f"{where}: @{tag} is no tag. There are {known}, and the contract's ids such as @W3."
            )


def selection(given: str) -> str:
    """The tag expression of a run: what was asked for, less what is left out unless it is named.

    Args:
        given: the expression asked for; empty or "true" for everything.
    """
    named = {word for word in _WORD.findall(given) if word.lower() not in _OPERATORS}
    check(sorted(named), "--tags")
    left_out = [f"not @{tag}" for tag in LEFT_OUT if tag not in named]
    return " and ".join([f"({given or 'true'})" if named else "", *left_out][not named :])


def narrow(config: Any) -> None:
    """Give behave's configuration the run's tag expression."""
    from behave.tag_expression import make_tag_expression

    asked = str(config.tag_expression.to_string())
    expression = selection("" if asked.lower() in ("true", "true()") else asked)
    if expression:
        config.tag_expression = make_tag_expression(expression)

"""The lines of a scenario that require what a walk did not get: a refusal, an answer, updates or a state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from varbridge.conformance.model.actions import Expire, Restart, StartWatch
from varbridge.conformance.model.comparison import (
    BATCH_ERRORS,
    BATCH_SUCCESS,
    BATCH_VERSIONS,
    FINAL_VALUE,
    LISTED,
    LISTED_WHOLE,
    MISSING,
    RESOURCES,
    TOOL_RESULT,
    TOOLS_LISTED,
    VALID,
    VERSION,
    Difference,
)
from varbridge.conformance.model.literal_text import (
    cell_name,
    join,
    json_text,
    person,
    quote,
    table,
    value_text,
)
from varbridge.conformance.model.plan import Taken
from varbridge.conformance.model.state import Entry, SessionState, VariableState
from varbridge.conformance.vocabulary.statuses import CONTRACT_CODES
from varbridge.conformance.vocabulary.updates import KINDS

_STATUSES = {codes[0].name: words for words, codes in CONTRACT_CODES.items() if len(codes) == 1}


def refusal(taken: Taken) -> str:
    """Return the phrase that requires the refusal of an action."""
    plan = taken.plan
    if plan.method == "ExecuteTool" and not taken.refused:
        return "the tool fails"
    code = taken.refused or plan.refusals[0].codes[0]
    phrase = plan.refusals[0].phrase if len(plan.refusals) == 1 else ""
    status = f"{_STATUSES[code]}{f', saying {json_text(phrase)}' if phrase else ''}"
    if isinstance(taken.action, StartWatch):
        return f"{person(taken.watcher)}'s watch ends {status}"
    return f"it is refused {status}"


def ends(taken: Taken, difference: Difference | None, session: SessionState) -> list[str]:
    """Return the lines that require what the contract requires after the last action.

    Args:
        taken: the last action.
        difference: the difference, which is not one of an update; None if the status of the answer differs.
        session: the session, as it has to be.
    """
    plan = taken.plan
    first = [f"Then {refusal(replace(taken, refused=''))}"] if plan.refusals else []
    if isinstance(taken.action, Restart | Expire) and difference is None:
        return []
    if difference is None and not first:
        watches = isinstance(taken.action, StartWatch)
        nothing = f"Then {person(taken.watcher)} receives nothing else"
        return [nothing if watches else "Then it is accepted"]
    if difference is None:
        return first
    about = difference.about
    if isinstance(about, VariableState):
        read = [] if plan.method == "GetVariable" else [f"When {quote(about.name)} is read"]
        return [*first, *read, *_variable_lines(about)]
    if about is not None:
        return [*first, *_history_lines(about)]
    if difference.check == LISTED_WHOLE:
        return [*first, *_holds_lines(session)]
    return [*first, *_answer_lines(difference)]


def _answer_lines(difference: Difference) -> list[str]:
    """Return the lines that require a part of the last answer; a comment if there is no phrase for it."""
    expected = difference.expected
    names = _list(expected)
    quoted = join(map(quote, names))
    match difference.check:
        case check if check == VERSION:
            return [f"Then the answer is version {expected}"]
        case check if check == FINAL_VALUE:
            return [f"Then the final value is {expected}"]
        case check if check == TOOL_RESULT:
            failed = expected.startswith("a failure")
            return ["Then the tool fails" if failed else f"Then the tool answers {expected}"]
        case check if check == RESOURCES:
            return [f"Then {expected} resources are cleaned up"]
        case check if check == VALID:
            return [f"Then the heartbeat says that the session is {'' if expected == 'true' else 'not '}open"]
        case check if check == BATCH_SUCCESS:
            return ["Then the batch succeeds"]
        case check if check == LISTED:
            return [f"Then the names listed are {quoted}" if names else "Then no names are listed"]
        case check if check == MISSING:
            return [f"Then {quoted} are missing" if names else "Then nothing is missing"]
        case check if check == TOOLS_LISTED and names:
            return [f"Then the registered tools are {quoted}"]
        case check if check == BATCH_VERSIONS:
            rows = [[cell_name(name), str(version)] for name, version in _object(expected).items()]
            if not rows:
                return ["Then the batch answers no versions"]
            return ["Then the batch answers the versions:", *table([["name", "version"], *rows])]
        case check if check == BATCH_ERRORS and names:
            rows = [[cell_name(name), ""] for name in names]
            return ["Then the batch fails for:", *table([["name", "because"], *rows])]
    return [f"# expected {difference.required}"]


def update_lines(watcher: int, entries: Sequence[Entry], *, more: bool) -> list[str]:
    """Return lines that require the updates that a watch receives, from its beginning.

    Args:
        watcher: the number of the client whose watch it is.
        entries: the updates.
        more: True if more updates may follow.
    """
    rows = [["update", "variable", "value", "previous", "version", "changed by", "metadata"]]
    words = {kind: name for name, kind in KINDS.items()}
    for entry in entries:
        state = entry.variable
        rows.append(
            [
                words[entry.kind],
                cell_name(state.name),
                value_text(state.value),
                "" if entry.previous is None else value_text(entry.previous),
                str(state.version),
                entry.author or "",
                json_text({**entry.metadata}) if entry.metadata else "",
            ]
        )
    if not any(row[5] for row in rows[1:]):
        rows = [[*row[:5], row[6]] for row in rows]
    lines = [f"Then {person(watcher)} receives:", *table(rows)] if entries else []
    nothing = f"{'And' if lines else 'Then'} {person(watcher)} receives nothing else"
    return lines if more else [*lines, nothing]


def _variable_lines(state: VariableState) -> list[str]:
    row = {
        "type": state.kind,
        "value": value_text(state.value),
        "version": str(state.version),
        "source": state.source,
        "metadata": json_text({**state.metadata}),
        "constraints": json_text({**state.constraints}),
    }
    if state.holder is not None:
        row["optimizer_id"] = state.holder.optimizer
    return ["Then the answer is a variable with:", *table([[*row], [*row.values()]])]


def _history_lines(entries: Sequence[Entry]) -> list[str]:
    rows = [["version", "value", "changed by", "metadata"]]
    for entry in reversed(entries):
        metadata = json_text({**entry.metadata})
        value = value_text(entry.variable.value)
        rows.append([str(entry.variable.version), value, entry.author or "", metadata])
    return [f"Then the history of {quote(entries[0].variable.name)} is:", *table(rows)]


def _holds_lines(session: SessionState) -> list[str]:
    names = [state.name for state in session.variables.values()]
    listed = f"Then the names listed are {join(map(quote, names))}" if names else "Then no names are listed"
    return ["When the variables are listed", listed]


def _list(text: str) -> list[str]:
    """Return the list that a text shows, as far as it was not shortened; empty if it is not a list."""
    try:
        items = json.loads(text)
    except ValueError:
        return []
    return items if isinstance(items, list) and all(isinstance(item, str) for item in items) else []


def _object(text: str) -> dict[str, Any]:
    try:
        items = json.loads(text)
    except ValueError:
        return {}
    return items if isinstance(items, dict) else {}

"""The text of a walk that diverged, as a scenario in the phrases of the suite."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from varbridge.conformance.model import candidates
from varbridge.conformance.model.actions import (
    Action,
    Beat,
    Change,
    CleanUp,
    Delete,
    Depend,
    Describe,
    EndWatch,
    Expire,
    Get,
    GetMany,
    History,
    Increment,
    List,
    ListTools,
    Lock,
    Open,
    OpenBadly,
    Pick,
    Ref,
    Register,
    RegisterTools,
    Release,
    Restart,
    RollBack,
    Set,
    SetMany,
    StartWatch,
)
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
from varbridge.conformance.model.plan import Plan
from varbridge.conformance.model.state import Entry, SessionState, VariableState
from varbridge.conformance.model.values import PREFIX, Raw, Sent, Value
from varbridge.conformance.vocabulary.cells import is_plain
from varbridge.conformance.vocabulary.literals import SPECIAL, show
from varbridge.conformance.vocabulary.statuses import CONTRACT_CODES
from varbridge.conformance.vocabulary.updates import KINDS

PEOPLE = ("Ada", "Ben", "Cy", "Dee", "Eve", "Fay", "Gil", "Hal")
"""The names of the clients that watch; the first one watches every variable from the beginning."""

SESSIONS = ("", "blue")
"""The names of the sessions in the phrases; the first one is the usual session of a scenario."""

_LONG = 100

_STATUSES = {codes[0].name: words for words, codes in CONTRACT_CODES.items() if len(codes) == 1}


@dataclass(frozen=True)
class Taken:
    """An action that was taken.

    Attributes:
        action: the action.
        plan: its plan.
        refused: the name of the status with which it was refused; empty if it was accepted.
        watcher: the number of the client whose watch it started or ended.
    """

    action: Action
    plan: Plan
    refused: str = ""
    watcher: int = 0


@dataclass
class Phrases:
    """The phrases of a walk.

    Args:
        names: the names of the walk.
        ttl: the time to live of the first session, in seconds; 0 for the default.
    """

    names: Sequence[str]
    ttl: int = 0
    lines: list[str] = field(default_factory=list)
    _session: int = 0

    def scenario(self, name: str, steps: Sequence[Taken], ends: Sequence[str], *, watched: bool) -> list[str]:
        """Return the lines of a scenario.

        Args:
            name: the name of the scenario.
            steps: the actions that were taken, the last of which diverged.
            ends: the last lines, which say what must be the case after the last action.
            watched: True if a client has to watch every variable from the beginning.
        """
        self.lines = [f"Example: {name}", f"  Given an open session{_ttl(self.ttl)}"]
        if any(isinstance(taken.action, Restart) for taken in steps):
            self.lines.insert(1, "  Given a bridge with a data directory")
        if watched:
            self.lines.append(f"  And {PEOPLE[0]} watches every variable")
        for taken in steps[:-1]:
            expected = self.outcome_lines(taken)
            self._step("When" if expected else "Given", taken)
            self.lines += [f"  {line}" for line in expected]
        if steps:
            self._step("When", steps[-1])
        self.lines += [f"  {line}" for line in ends]
        return self.lines

    def whole(self, name: str, steps: Sequence[Taken]) -> list[str]:
        """Return the lines of a scenario with actions that all had the outcome of their plans."""
        return self.scenario(name, steps, self.outcome_lines(steps[-1]) if steps else [], watched=False)

    def outcome_lines(self, taken: Taken) -> list[str]:
        """Return the lines about the refusal or the errors of an action; none if it simply succeeds."""
        if taken.refused:
            return [f"Then {refusal(taken)}"]
        if not taken.plan.errors:
            return []
        if isinstance(taken.action, Increment):
            return ["Then the tool fails"]
        cells = [self._cell(ref, name) for ref, name in self._pairs(taken) if name in taken.plan.errors]
        return ["Then the batch fails for:", *table([["name", "because"], *([cell, ""] for cell in cells)])]

    def _pairs(self, taken: Taken) -> list[tuple[Ref, str]]:
        """Return the identifiers of a batch with the references that mean them, each once."""
        assert isinstance(taken.action, SetMany)
        refs = [ref for ref, _ in taken.action.updates]
        named = dict(zip(taken.plan.identifiers, refs, strict=True))
        return [(ref, identifier) for identifier, ref in named.items()]

    def _cell(self, ref: Ref, identifier: str) -> str:
        name = self.names[ref.name % len(self.names)]
        of = "" if identifier == name else "old id of " if ref.by == "old id" else "id of "
        return of + _cell_name(name)

    def _add(self, keyword: str, text: str, rows: Sequence[Sequence[str]] = ()) -> None:
        self.lines.append(f"  {keyword} {text}")
        self.lines += [f"  {line}" for line in table(rows)]

    def _step(self, keyword: str, taken: Taken) -> None:
        self._session = taken.action.session
        text, rows = self.phrase(taken)
        if taken.action.session:
            text = f'in session "{SESSIONS[1]}", {text}'
        self._add(keyword, text, rows)

    def phrase(self, taken: Taken) -> tuple[str, Sequence[Sequence[str]]]:
        """Return the phrase of an action, and the rows of its table."""
        action, request = taken.action, taken.plan.request
        match action:
            case Open():
                return f"the session is opened{_ttl(action.ttl)}{_metadata(action.metadata)}", ()
            case OpenBadly():
                return f"a session is opened whose id is {json_text(request.session_id)}", ()
            case Describe():
                return "the session is described", ()
            case Beat():
                return "a heartbeat is sent", ()
            case CleanUp():
                return "the session is cleaned up", ()
            case Register():
                return self._register(action, request), ()
            case Get():
                return f"{self.variable(action.target, request.variable_identifier)} is read", ()
            case GetMany():
                variables = self._variables(action.targets, taken.plan) or "no variables"
                without = "" if action.metadata else ", without their metadata"
                return f"{variables} are read in one call{without}", ()
            case List():
                matching = f" that match {quote(request.pattern)}" if request.pattern else ""
                return f"the variables{matching} are listed", ()
            case History():
                variable = self.variable(action.target, request.variable_identifier)
                return f"the newest {action.limit} entries in the history of {variable} are read", ()
            case Set():
                variable = self.variable(action.target, request.variable_identifier)
                expecting = (
                    f", expecting version {request.expected_version}" if action.ahead is not None else ""
                )
                repeat = f", with the request id {quote(action.request_id)}" if action.request_id else ""
                value = _literal(request.value, action.value)
                return f"{variable} is set to {value}{expecting}{repeat}{_change(action.change)}", ()
            case SetMany():
                return self._set_many(action, request, taken.plan)
            case RollBack():
                variable = self.variable(action.target, request.variable_identifier)
                version = f"version {request.target_version}"
                return f"{variable} is rolled back to {version}{_change(action.change)}", ()
            case Delete():
                variable = self.variable(action.target, request.variable_identifier)
                return f"{variable} is deleted{_change(action.change)}", ()
            case Increment():
                identifier = json_text(json.loads(request.parameters["name"].value))
                by = "" if action.by is None else f', "by": {action.by}'
                optimizer = f", for the optimizer {quote(action.optimizer)}" if action.optimizer else ""
                return f'the tool "increment" runs with {{"name": {identifier}{by}}}{optimizer}', ()
            case Depend():
                follower = self.variable(action.follower, request.to_variable)
                followed = self.variable(action.followed, request.from_variable)
                return f"a {quote(action.kind)} dependency of {follower} on {followed} is added", ()
            case Lock():
                variable = self.variable(action.target, request.variable_identifier)
                return f"the optimizer {quote(action.optimizer)} locks {variable}", ()
            case Release():
                variable = self.variable(action.target, request.variable_identifier)
                force = " by force" if action.force else ""
                return f"the optimizer {quote(action.optimizer)} releases {variable}{force}", ()
            case StartWatch():
                return self._watch(action, request, taken), ()
            case EndWatch():
                return f"{PEOPLE[taken.watcher % len(PEOPLE)]} stops watching", ()
            case RegisterTools():
                rows = [["name", "takes"]]
                for tool in request.tools:
                    takes = [[parameter.name, parameter.type] for parameter in tool.parameters]
                    rows.append([json_text(tool.name), json.dumps(takes, ensure_ascii=False)])
                return "these tools are registered:", rows
            case ListTools():
                return "the registered tools are listed", ()
            case Restart():
                return "the bridge is killed and restarted", ()
            case Expire():
                return "the session ends for lack of calls", ()
        raise NotImplementedError(type(action).__name__)

    def variable(self, ref: Ref, identifier: str) -> str:
        """Return the words for a variable that a call names by an identifier, with any comma after them."""
        words = self._variable(ref, identifier)
        return words if identifier == self.names[ref.name % len(self.names)] else f"{words},"

    def _variable(self, ref: Ref, identifier: str) -> str:
        name = self.names[ref.name % len(self.names)]
        words = json_text(name)
        if identifier != name:
            words += ", by its old id" if ref.by == "old id" else ", by its id"
            words += f" in session {json_text(SESSIONS[1 - self._session])}" if ref.by == "other id" else ""
        return words

    def _variables(self, refs: Sequence[Ref], plan: Plan) -> str:
        """Return the words for several variables, each named once; empty if there are none."""
        pairs = dict(zip(plan.identifiers, refs, strict=True))
        return join(self._variable(ref, identifier) for identifier, ref in pairs.items())

    def _register(self, action: Register, request: Any) -> str:
        value = _literal(request.initial_value, action.value)
        name = quote(request.name)
        options = f", under the constraints {_constraints(request.constraints_json)}"
        options = options if request.constraints_json else ""
        kind = f"an {action.kind}" if action.kind[0] in "aeiou" else f"a {action.kind}"
        if action.named_like is not None:
            like = self.names[action.named_like.name % len(self.names)]
            name = name if request.name == like else f"a name like the id of {quote(like)}"
        return f"{name} is registered as {kind} holding {value}{options}{_metadata(action.metadata)}"

    def _set_many(self, action: SetMany, request: Any, plan: Plan) -> tuple[str, Sequence[Sequence[str]]]:
        batch = "an atomic batch" if action.atomic else "a non-atomic batch"
        if not request.updates:
            return "an empty atomic batch is set", ()
        rows = [["name", "value"]]
        for identifier, (ref, pick) in dict(zip(plan.identifiers, action.updates, strict=True)).items():
            rows.append([self._cell(ref, identifier), _literal(request.updates[identifier], pick)])
        return f"these are set in {batch}{_change(action.change)}:", rows

    def _watch(self, action: StartWatch, request: Any, taken: Taken) -> str:
        person = PEOPLE[taken.watcher % len(PEOPLE)]
        variables = self._variables(action.targets, taken.plan)
        initial = ", with initial values" if action.initial else ""
        if action.back is None:
            return f"{person} watches {variables or 'every variable'}{initial}"
        after = f"after sequence {request.resume_after}"
        return f"{person} resumes watching {variables or 'every variable'} {after}{initial}"


# The ends of scenarios


def refusal(taken: Taken) -> str:
    """Return the phrase that requires the refusal of an action."""
    plan = taken.plan
    if plan.method == "ExecuteTool" and not taken.refused:
        return "the tool fails"
    code = taken.refused or plan.refusals[0].codes[0]
    phrase = plan.refusals[0].phrase if len(plan.refusals) == 1 else ""
    status = f"{_STATUSES[code]}{f', saying {json_text(phrase)}' if phrase else ''}"
    if isinstance(taken.action, StartWatch):
        return f"{PEOPLE[taken.watcher % len(PEOPLE)]}'s watch ends {status}"
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
        person = PEOPLE[taken.watcher % len(PEOPLE)]
        return [f"Then {person} receives nothing else" if watches else "Then it is accepted"]
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
            rows = [[_cell_name(name), str(version)] for name, version in _object(expected).items()]
            if not rows:
                return ["Then the batch answers no versions"]
            return ["Then the batch answers the versions:", *table([["name", "version"], *rows])]
        case check if check == BATCH_ERRORS and names:
            rows = [[_cell_name(name), ""] for name in names]
            return ["Then the batch fails for:", *table([["name", "because"], *rows])]
    return [f"# expected {difference.required}"]


def update_lines(person: str, entries: Sequence[Entry], *, more: bool) -> list[str]:
    """Return lines that require the updates that a watch receives, from its beginning.

    Args:
        person: the client whose watch it is.
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
                _cell_name(state.name),
                value_text(state.value),
                "" if entry.previous is None else value_text(entry.previous),
                str(state.version),
                entry.author or "",
                json_text({**entry.metadata}) if entry.metadata else "",
            ]
        )
    if not any(row[5] for row in rows[1:]):
        rows = [[*row[:5], row[6]] for row in rows]
    lines = [f"Then {person} receives:", *table(rows)] if entries else []
    nothing = f"{'And' if lines else 'Then'} {person} receives nothing else"
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


# Texts


def quote(text: str) -> str:
    """Return a name as a phrase has it: in double quotes, or by its length."""
    if len(text) > _LONG and len({*text}) == 1:
        return f"a name of {len(text)} characters {json_text(text[0])}"
    return json_text(text)


def value_text(value: Value) -> str:
    """Return the literal of a value."""
    if isinstance(value.value, Raw):
        return str(value.value)
    if value.kind == "float" and not math.isfinite(value.value):
        return show(value.value)
    return json_text(value.value)


def join(words: Any) -> str:
    """Return words with commas, and "and" before the last one."""
    items = [*words]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    escaped = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*escaped, strict=True)]
    return [
        f"  | {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in escaped
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _cell_name(name: str) -> str:
    return name if is_plain(name) else quote(name)


def json_text(value: Any) -> str:
    """Return JSON without characters that cannot be seen."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def _literal(sent: Any, pick: Pick) -> str:
    """Return the literal of a value as it is sent."""
    kind = sent.type_url.removeprefix(PREFIX).removesuffix(".binary")
    value: Sent = candidates.value(pick, kind)
    if isinstance(value.value, Raw):
        text = str(value.value)
    elif kind == "float" and isinstance(value.value, str) and value.value in SPECIAL:
        text = value.value
    else:
        text = json_text(value.value)
    return f'{text} under the type_url "{sent.type_url}"' if pick.kind else text


def _constraints(text: str) -> str:
    return text if text.startswith("{") and text.endswith("}") else f"`{text}`"


def _metadata(metadata: Mapping[str, str]) -> str:
    return f", with the metadata {json_text({**metadata})}" if metadata else ""


def _ttl(seconds: int) -> str:
    return f" with a time to live of {seconds} s" if seconds else ""


def _change(change: Change) -> str:
    optimizer = f", for the optimizer {quote(change.optimizer)}" if change.optimizer else ""
    return optimizer + _metadata(change.metadata)

"""The text of a walk that diverged, as a scenario in the phrases of the suite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from varbridge.conformance.model import actions
from varbridge.conformance.model.literal_text import (
    cell_name,
    constraints_text,
    join,
    json_text,
    person,
    quote,
    sent_text,
    table,
    with_change,
    with_metadata,
    with_ttl,
)
from varbridge.conformance.model.outcome_text import refusal
from varbridge.conformance.model.plan import Plan, Taken

SESSIONS = ("", "blue")
"""The names of the sessions in the phrases; the first one is the usual session of a scenario."""


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
        self.lines = [f"Example: {name}", f"  Given an open session{with_ttl(self.ttl)}"]
        if any(isinstance(taken.action, actions.Restart) for taken in steps):
            self.lines.insert(1, "  Given a bridge with a data directory")
        if watched:
            self.lines.append(f"  And {person(0)} watches every variable")
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
        if isinstance(taken.action, actions.Increment):
            return ["Then the tool fails"]
        cells = [self._cell(ref, name) for ref, name in self._pairs(taken) if name in taken.plan.errors]
        return ["Then the batch fails for:", *table([["name", "because"], *([cell, ""] for cell in cells)])]

    def _pairs(self, taken: Taken) -> list[tuple[actions.Ref, str]]:
        """Return the identifiers of a batch with the references that mean them, each once."""
        assert isinstance(taken.action, actions.SetMany)
        refs = [ref for ref, _ in taken.action.updates]
        named = dict(zip(taken.plan.identifiers, refs, strict=True))
        return [(ref, identifier) for identifier, ref in named.items()]

    def _cell(self, ref: actions.Ref, identifier: str) -> str:
        name = self.names[ref.name % len(self.names)]
        of = "" if identifier == name else "old id of " if ref.by == "old id" else "id of "
        return of + cell_name(name)

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
            case actions.Open():
                return f"the session is opened{with_ttl(action.ttl)}{with_metadata(action.metadata)}", ()
            case actions.OpenBadly():
                return f"a session is opened whose id is {json_text(request.session_id)}", ()
            case actions.Describe():
                return "the session is described", ()
            case actions.Beat():
                return "a heartbeat is sent", ()
            case actions.CleanUp():
                return "the session is cleaned up", ()
            case actions.Register():
                return self._register(action, request), ()
            case actions.Get():
                return f"{self.variable(action.target, request.variable_identifier)} is read", ()
            case actions.GetMany():
                variables = self._variables(action.targets, taken.plan) or "no variables"
                without = "" if action.metadata else ", without their metadata"
                return f"{variables} are read in one call{without}", ()
            case actions.List():
                matching = f" that match {quote(request.pattern)}" if request.pattern else ""
                return f"the variables{matching} are listed", ()
            case actions.History():
                variable = self.variable(action.target, request.variable_identifier)
                return f"the newest {action.limit} entries in the history of {variable} are read", ()
            case actions.Set():
                variable = self.variable(action.target, request.variable_identifier)
                expecting = (
                    f", expecting version {request.expected_version}" if action.ahead is not None else ""
                )
                repeat = f", with the request id {quote(action.request_id)}" if action.request_id else ""
                value = sent_text(request.value, action.value)
                return f"{variable} is set to {value}{expecting}{repeat}{with_change(action.change)}", ()
            case actions.SetMany():
                return self._set_many(action, request, taken.plan)
            case actions.RollBack():
                variable = self.variable(action.target, request.variable_identifier)
                version = f"version {request.target_version}"
                return f"{variable} is rolled back to {version}{with_change(action.change)}", ()
            case actions.Delete():
                variable = self.variable(action.target, request.variable_identifier)
                return f"{variable} is deleted{with_change(action.change)}", ()
            case actions.Increment():
                identifier = json_text(json.loads(request.parameters["name"].value))
                by = "" if action.by is None else f', "by": {action.by}'
                optimizer = f", for the optimizer {quote(action.optimizer)}" if action.optimizer else ""
                return f'the tool "increment" runs with {{"name": {identifier}{by}}}{optimizer}', ()
            case actions.Depend():
                follower = self.variable(action.follower, request.to_variable)
                followed = self.variable(action.followed, request.from_variable)
                return f"a {quote(action.kind)} dependency of {follower} on {followed} is added", ()
            case actions.Lock():
                variable = self.variable(action.target, request.variable_identifier)
                return f"the optimizer {quote(action.optimizer)} locks {variable}", ()
            case actions.Release():
                variable = self.variable(action.target, request.variable_identifier)
                force = " by force" if action.force else ""
                return f"the optimizer {quote(action.optimizer)} releases {variable}{force}", ()
            case actions.StartWatch():
                return self._watch(action, request, taken), ()
            case actions.EndWatch():
                return f"{person(taken.watcher)} stops watching", ()
            case actions.RegisterTools():
                rows = [["name", "takes"]]
                for tool in request.tools:
                    takes = [[parameter.name, parameter.type] for parameter in tool.parameters]
                    rows.append([json_text(tool.name), json.dumps(takes, ensure_ascii=False)])
                return "these tools are registered:", rows
            case actions.ListTools():
                return "the registered tools are listed", ()
            case actions.Restart():
                return "the bridge is killed and restarted", ()
            case actions.Expire():
                return "the session ends for lack of calls", ()
        raise NotImplementedError(type(action).__name__)

    def variable(self, ref: actions.Ref, identifier: str) -> str:
        """Return the words for a variable that a call names by an identifier, with any comma after them."""
        words = self._variable(ref, identifier)
        return words if identifier == self.names[ref.name % len(self.names)] else f"{words},"

    def _variable(self, ref: actions.Ref, identifier: str) -> str:
        name = self.names[ref.name % len(self.names)]
        words = json_text(name)
        if identifier != name:
            words += ", by its old id" if ref.by == "old id" else ", by its id"
            words += f" in session {json_text(SESSIONS[1 - self._session])}" if ref.by == "other id" else ""
        return words

    def _variables(self, refs: Sequence[actions.Ref], plan: Plan) -> str:
        """Return the words for several variables, each named once; empty if there are none."""
        pairs = dict(zip(plan.identifiers, refs, strict=True))
        return join(self._variable(ref, identifier) for identifier, ref in pairs.items())

    def _register(self, action: actions.Register, request: Any) -> str:
        value = sent_text(request.initial_value, action.value)
        name = quote(request.name)
        options = f", under the constraints {constraints_text(request.constraints_json)}"
        options = options if request.constraints_json else ""
        kind = f"an {action.kind}" if action.kind[0] in "aeiou" else f"a {action.kind}"
        if action.named_like is not None:
            like = self.names[action.named_like.name % len(self.names)]
            name = name if request.name == like else f"a name like the id of {quote(like)}"
        return f"{name} is registered as {kind} holding {value}{options}{with_metadata(action.metadata)}"

    def _set_many(
        self, action: actions.SetMany, request: Any, plan: Plan
    ) -> tuple[str, Sequence[Sequence[str]]]:
        batch = "an atomic batch" if action.atomic else "a non-atomic batch"
        if not request.updates:
            return "an empty atomic batch is set", ()
        rows = [["name", "value"]]
        for identifier, (ref, pick) in dict(zip(plan.identifiers, action.updates, strict=True)).items():
            rows.append([self._cell(ref, identifier), sent_text(request.updates[identifier], pick)])
        return f"these are set in {batch}{with_change(action.change)}:", rows

    def _watch(self, action: actions.StartWatch, request: Any, taken: Taken) -> str:
        client = person(taken.watcher)
        variables = self._variables(action.targets, taken.plan)
        initial = ", with initial values" if action.initial else ""
        if action.back is None:
            return f"{client} watches {variables or 'every variable'}{initial}"
        after = f"after sequence {request.resume_after}"
        return f"{client} resumes watching {variables or 'every variable'} {after}{initial}"

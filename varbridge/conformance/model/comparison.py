"""The comparison of replies and updates with the state of the model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from varbridge.conformance.invariants.times import same_time
from varbridge.conformance.invariants.versions import READ
from varbridge.conformance.model.state import Entry, Moment, SessionState, VariableState
from varbridge.conformance.model.values import decode
from varbridge.conformance.vocabulary.literals import same, show, strict_json
from varbridge.messages import snakepit_bridge_pb2 as pb


class Check(NamedTuple):
    """A part of a reply or an update that is compared.

    Attributes:
        statement: the statement of the contract that promises it.
        name: the name of the part, after "the" or a possessive.
        lasting: True if a bridge that answers it wrongly probably has another state than the model, so that
            whatever comes afterwards says nothing.
    """

    statement: str
    name: str
    lasting: bool = True


ID = Check("A1.1", "id")
NAME = Check("A1.3", "name")
TYPE = Check("K5.1", "type")
CONSTRAINTS = Check("K5.1", "constraints", lasting=False)
VALUE = Check("A3.2", "value")
VERSION = Check("A3.1", "version")
METADATA = Check("A3.3", "metadata")
SOURCE = Check("A14.1", "source", lasting=False)
TIME = Check("A14.2", "last_updated_at", lasting=False)
EARLIER = Check("A14.2", "order of times", lasting=False)
LOCK = Check("D2.4", "optimization_status")
LOCK_TIME = Check("D2.4", "started_at", lasting=False)
CACHE = Check("A3.2", "from_cache", lasting=False)
MISSING = Check("A7.2", "missing variables")
VARIABLES_READ = Check("A7.2", "variables read")
LISTED = Check("A9.1", "variables listed")
LISTED_WHOLE = Check("A9.1", "variables")
HISTORY = Check("A11.2", "versions of the history")
ENTRY_VALUE = Check("A11.1", "value of a history entry", lasting=False)
ENTRY_AUTHOR = Check("A11.4", "author of a history entry", lasting=False)
ENTRY_METADATA = Check("A11.1", "metadata of a history entry", lasting=False)
ENTRY_TIME = Check("A11.1", "time of a history entry", lasting=False)
BATCH_ERRORS = Check("A8.3", "errors of the batch")
BATCH_VERSIONS = Check("A8.3", "new versions of the batch")
BATCH_SUCCESS = Check("A8.3", "success of the batch", lasting=False)
UPDATE_ORDER = Check("W3.1", "next update")
UPDATE_MISSING = Check("W3.1", "updates")
UPDATE_PREVIOUS = Check("W3.1", "previous value of an update", lasting=False)
UPDATE_AUTHOR = Check("W3.3", "author of an update", lasting=False)
UPDATE_METADATA = Check("W3.3", "metadata of an update", lasting=False)
UPDATE_TIME = Check("W3.3", "time of an update", lasting=False)
UPDATE_VARIABLE = Check("W3.3", "variable of an update", lasting=False)
SEQUENCE = Check("W4.1", "sequence of an update", lasting=False)
INITIAL = Check("W2.1", "initial values")
DEPENDENCY_CHANGE = Check("D1.1", "dependency change", lasting=False)
RESOURCES = Check("S4.1", "resources cleaned", lasting=False)
SESSION_METADATA = Check("S1.4", "metadata of the session")
SESSION_VARIABLES = Check("S1.2", "variables of the session")
SESSION_TOOLS = Check("S1.2", "tools of the session", lasting=False)
TOOL_COUNT = Check("X1.7", "number of tools", lasting=False)
TOOLS_LISTED = Check("X7.5", "registered tools")
TOOL_IDS = Check("X1.6", "ids of the registered tools", lasting=False)
TOOL_RESULT = Check("X1.1", "result of the tool", lasting=False)
VALID = Check("S2.2", "session_valid", lasting=False)
FINAL_VALUE = Check("D3.1", "final value", lasting=False)
WATCH_END = Check("W1.1", "watch", lasting=False)
SESSION_END = Check("S4.1", "end of the watch", lasting=False)


class Difference(NamedTuple):
    """A difference between a reply or an update and what the contract requires.

    Attributes:
        check: the part that differs.
        subject: the thing to which the part belongs, such as "x" or "Ada's watch".
        expected: the required content, as a text.
        actual: the actual content, as a text.
        about: the state of the variable, or the entries of the history, to which the part belongs.
    """

    check: Check
    subject: str
    expected: str
    actual: str
    about: VariableState | Sequence[Entry] | None = None

    @property
    def required(self) -> str:
        """The requirement, as a phrase after "expected"."""
        return f"the {self.check.name} of {self.subject} to be {self.expected}"


Differences = Iterator[Difference]


def unless_equal(check: Check, subject: str, expected: Any, actual: Any) -> Differences:
    """Yield a difference unless two JSON-like values are the same."""
    if not same(expected, actual, exact=False):
        yield Difference(check, subject, show(expected), show(actual))


def compare_moment(
    check: Check,
    subject: str,
    moment: Moment | None,
    actual: Timestamp,
    session: SessionState | None = None,
) -> Differences:
    """Compare a time with that of a moment; an unknown one becomes known.

    Args:
        check: the part that is compared.
        subject: the thing to which the part belongs.
        moment: the moment; None if the contract does not say which time it is.
        actual: the time.
        session: the session, if the moment follows all that are known of it, so that it may not be earlier.
    """
    time = (actual.seconds, actual.nanos)
    if moment is None:
        return
    if moment.time is None:
        moment.time = time
        if session is not None and time < session.latest:
            yield Difference(EARLIER, subject, f"{_time(session.latest)} or later", _time(time))
        if session is not None:
            session.latest = max(session.latest, time)
    elif not same_time(Timestamp(seconds=moment.time[0], nanos=moment.time[1]), actual):
        yield Difference(check, subject, f"within 1 s of {_time(moment.time)}", _time(time))


def _time(time: tuple[int, int]) -> str:
    return f"{time[0]}.{time[1]:09} s"


def compare_variable(expected: VariableState, actual: pb.Variable, *, metadata: bool = True) -> Differences:
    """Compare a variable in a reply or in an update with its state.

    Args:
        expected: the state.
        actual: the message.
        metadata: True if the reply has metadata.
    """
    for difference in _compare_variable(expected, actual, metadata):
        yield difference._replace(about=expected)


def _compare_variable(expected: VariableState, actual: pb.Variable, metadata: bool) -> Differences:
    subject = show(expected.name)
    yield from unless_equal(ID, subject, expected.id, actual.id)
    yield from unless_equal(NAME, subject, expected.name, actual.name)
    yield from unless_equal(TYPE, subject, expected.kind, actual.type)
    yield from unless_equal(VERSION, subject, expected.version, actual.version)
    try:
        value = decode(actual.value, actual.binary_value)
    except ValueError as error:
        yield Difference(VALUE, subject, str(expected.value), f"malformed: {error}")
    else:
        if value != expected.value:
            yield Difference(VALUE, subject, str(expected.value), str(value))
    try:
        constraints = strict_json(actual.constraints_json or "{}")
    except ValueError:
        constraints = actual.constraints_json
    yield from unless_equal(CONSTRAINTS, subject, {**expected.constraints}, constraints)
    keys = expected.open_keys.union(READ)
    wanted = _without(keys, expected.metadata) if metadata else {}
    yield from unless_equal(METADATA, subject, wanted, _without(keys, actual.metadata))
    yield from unless_equal(SOURCE, subject, expected.source, pb.Variable.Source.Name(actual.source))
    yield from compare_moment(TIME, subject, expected.moment, actual.last_updated_at)
    if expected.open_lock:
        return
    status = actual.optimization_status
    holder = expected.holder
    yield from unless_equal(
        LOCK, subject, {"optimizing": holder is not None}, {"optimizing": status.optimizing}
    )
    if holder is not None:
        yield from unless_equal(LOCK, subject, holder.optimizer, status.optimizer_id)
        yield from compare_moment(LOCK_TIME, subject, holder.moment, status.started_at)


def compare_update(entry: Entry, update: pb.VariableUpdate, session: SessionState) -> Differences:
    """Compare a received update with an expected one of the same kind and variable."""
    subject = f"the {entry.kind} of {show(entry.variable.name)}"
    yield from compare_moment(UPDATE_TIME, subject, entry.moment, update.timestamp, session)
    for difference in compare_variable(entry.variable, update.variable):
        check = DEPENDENCY_CHANGE if entry.kind == "dependency_change" else UPDATE_VARIABLE
        yield difference._replace(
            check=check._replace(name=f"{difference.check.name} of the variable"), subject=subject
        )
    if entry.previous is not None:
        try:
            previous = decode(update.previous_value, update.previous_binary_value)
        except ValueError as error:
            yield Difference(UPDATE_PREVIOUS, subject, str(entry.previous), f"malformed: {error}")
        else:
            if previous != entry.previous:
                yield Difference(UPDATE_PREVIOUS, subject, str(entry.previous), str(previous))
    if entry.author is not None:
        yield from unless_equal(UPDATE_AUTHOR, subject, entry.author, update.update_source)
    check = {"dependency_change": DEPENDENCY_CHANGE, "initial_value": INITIAL._replace(lasting=False)}.get(
        entry.kind, UPDATE_METADATA
    )
    yield from _compare_metadata(check, subject, entry, update.update_metadata)


def _compare_metadata(check: Check, subject: str, entry: Entry, actual: Mapping[str, str]) -> Differences:
    """Compare the metadata of a change, to which a bridge may add entries, but not those of other changes."""
    added = actual.keys() - entry.metadata.keys()
    if not entry.more_metadata:
        added -= entry.variable.metadata.keys()
    keys = entry.variable.open_keys.union(READ, added)
    yield from unless_equal(check, subject, _without(keys, entry.metadata), _without(keys, actual))


def _without(keys: Collection[str], metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if key not in keys}


def compare_history(
    entries: list[Entry], limit: int, reply: pb.GetVariableHistoryResponse, name: str
) -> Differences:
    """Compare the answer of a history, newest first, with the changes of a variable, oldest first."""
    for difference in _compare_history(entries, limit, reply, name):
        yield difference._replace(about=entries)


def _compare_history(
    entries: list[Entry], limit: int, reply: pb.GetVariableHistoryResponse, name: str
) -> Differences:
    expected = entries[::-1][:limit] if limit else entries[::-1]
    subject = show(name)
    versions = [entry.variable.version for entry in expected]
    answered = [entry.version for entry in reply.entries]
    if versions != answered:
        yield Difference(HISTORY, subject, str(versions), str(answered))
        return
    for entry, actual in zip(expected, reply.entries, strict=True):
        of = f"version {actual.version} of {subject}"
        try:
            value = decode(actual.value, actual.binary_value)
        except ValueError as error:
            yield Difference(ENTRY_VALUE, of, str(entry.variable.value), f"malformed: {error}")
        else:
            if value != entry.variable.value:
                yield Difference(ENTRY_VALUE, of, str(entry.variable.value), str(value))
        yield from unless_equal(ENTRY_AUTHOR, of, entry.author, actual.changed_by)
        yield from _compare_metadata(ENTRY_METADATA, of, entry, actual.metadata)
        yield from compare_moment(ENTRY_TIME, of, entry.moment, actual.timestamp)

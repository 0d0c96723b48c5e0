"""What passed on the wire in words: requests, replies, updates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from varbridge import Update, Variable
from varbridge.conformance.events import Event
from varbridge.conformance.invariants.times import in_words
from varbridge.conformance.vocabulary.updates import describe, value_of
from varbridge.messages.traits import traits_of

WIDTH = 240
"""Characters of what one event says."""

_VALUE = 60  # characters of a value in it
_CONSTRAINTS = 140  # those of a variable's constraints: they decide
_UNTOLD = ("session_id", "server_time", "success", "session_valid")  # the same everywhere, or told apart


def shorten(text: str, width: int = WIDTH) -> str:
    """One line of at most ``width`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def describe_request(event: Event) -> str:
    """What the request says."""
    if event.request is None:
        return event.method
    what = _fields(event.request)
    if event.method == "WatchVariables" and not event.request.variable_identifiers:
        what = f"every variable, {what}".rstrip(", ")
    return shorten(f"{event.method} {what}".rstrip())


def describe_reply(event: Event) -> str:
    """What the answer says, or the message, or the end of a stream."""
    if event.kind == "open":
        return ""
    if event.status not in ("OK", ""):
        return shorten(f"{event.status}: {event.words}" if event.words else event.status)
    if event.kind == "end":
        return "the end of the stream"
    if event.method == "WatchVariables":
        return shorten(_update(Update(event.reply)))
    told = [_fields(event.reply)]
    if decides := traits_of(event.method).outcome_field:
        told.insert(0, f"{decides}={getattr(event.reply, decides)}")
    return shorten(", ".join(filter(None, told)) or "OK")


def _fields(message: Any) -> str:
    """A message's fields; a variable of it comes first."""
    found = [(field.name, value) for field, value in message.ListFields() if field.name not in _UNTOLD]
    found.sort(key=lambda one: one[0] != "variable")
    return ", ".join(_field(name, value) for name, value in found)


def _field(name: str, value: Any) -> str:
    if name == "variable":
        return _worded(value)
    if name == "constraints_json":
        return f"constraints={shorten(str(value), _CONSTRAINTS)}"
    if name == "available_tools":
        return f"{name}: {shorten(', '.join(sorted(value)), _VALUE)}"
    return f"{name}={_worded(value)}"


def _worded(value: Any) -> str:
    name = getattr(getattr(value, "DESCRIPTOR", None), "full_name", "")
    if name == "google.protobuf.Any":
        return _any(value)
    if name.endswith(".Variable"):
        return _variable(Variable(value))
    if name == "google.protobuf.Timestamp":
        return in_words(value)
    if name:
        return f"({_fields(value)})"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping) or hasattr(value, "items"):
        return "{" + ", ".join(f"{key}: {_worded(one)}" for key, one in sorted(value.items())) + "}"
    if isinstance(value, Iterable):
        return "[" + ", ".join(map(_worded, value)) + "]"
    return str(value)


def _any(value: Any) -> str:
    text = value.value.decode("utf-8", "replace")
    try:
        return shorten(str(json.loads(text)["value"]) if text.startswith("{") else text, _VALUE)
    except (ValueError, KeyError, TypeError):
        return shorten(text, _VALUE)


def _variable(variable: Variable) -> str:
    told = f"{variable.name} = {shorten(_value(variable), _VALUE)} at version {variable.version}"
    if variable.message.constraints_json not in ("", "{}"):
        told += f", constraints {shorten(variable.message.constraints_json, _CONSTRAINTS)}"
    if variable.optimizer_id:
        told += f", held by {variable.optimizer_id}"
    return told + (f", metadata {_worded(variable.metadata)}" if variable.metadata else "")


def _update(update: Update) -> str:
    """An update, with what is behind it where that is told."""
    return describe(update) + (f", metadata {_worded(update.metadata)}" if update.metadata else "")


def _value(variable: Variable) -> str:
    try:
        return value_of(variable)
    except ValueError:
        return "something malformed"

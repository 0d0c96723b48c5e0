"""The format of requests, replies and updates in reports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from varbridge import Update, Variable
from varbridge.conformance.events import Event
from varbridge.conformance.invariants.times import show_time
from varbridge.conformance.vocabulary.updates import describe, value_of
from varbridge.messages.traits import traits_of

WIDTH = 240
"""The maximum number of characters of a request or reply in a report."""

_VALUE = 60  # the maximum number of characters of a value in a request or reply
_CONSTRAINTS = 140  # the maximum number of characters of a variable's constraints
_OMITTED = ("session_id", "server_time", "success", "session_valid")  # always the same, or shown separately


def shorten(text: str, width: int = WIDTH) -> str:
    """Return the text in one line of at most ``width`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def describe_request(event: Event) -> str:
    """Return the method and the fields of the request of an event, in one line."""
    if event.request is None:
        return event.method
    fields = _fields(event.request)
    if event.method == "WatchVariables" and not event.request.variable_identifiers:
        fields = f"every variable, {fields}".rstrip(", ")
    return shorten(f"{event.method} {fields}".rstrip())


def describe_reply(event: Event) -> str:
    """Return the answer, the refusal, the message or the end of a stream of an event, in one line."""
    if event.kind == "open":
        return ""
    if event.status not in ("OK", ""):
        return shorten(f"{event.status}: {event.words}" if event.words else event.status)
    if event.kind == "end":
        return "the end of the stream"
    if event.method == "WatchVariables":
        return shorten(_update(Update(event.reply)))
    parts = [_fields(event.reply)]
    if outcome_field := traits_of(event.method).outcome_field:
        parts.insert(0, f"{outcome_field}={getattr(event.reply, outcome_field)}")
    return shorten(", ".join(filter(None, parts)) or "OK")


def _fields(message: Any) -> str:
    """Return the fields of a message; its variable comes first."""
    fields = [(field.name, value) for field, value in message.ListFields() if field.name not in _OMITTED]
    fields.sort(key=lambda field: field[0] != "variable")
    return ", ".join(_field(name, value) for name, value in fields)


def _field(name: str, value: Any) -> str:
    if name == "variable":
        return _show(value)
    if name == "constraints_json":
        return f"constraints={shorten(str(value), _CONSTRAINTS)}"
    if name == "available_tools":
        return f"{name}: {shorten(', '.join(sorted(value)), _VALUE)}"
    return f"{name}={_show(value)}"


def _show(value: Any) -> str:
    name = getattr(getattr(value, "DESCRIPTOR", None), "full_name", "")
    if name == "google.protobuf.Any":
        return _any(value)
    if name.endswith(".Variable"):
        return _variable(Variable(value))
    if name == "google.protobuf.Timestamp":
        return show_time(value)
    if name:
        return f"({_fields(value)})"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping) or hasattr(value, "items"):
        return "{" + ", ".join(f"{key}: {_show(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, Iterable):
        return "[" + ", ".join(map(_show, value)) + "]"
    return str(value)


def _any(value: Any) -> str:
    text = value.value.decode("utf-8", "replace")
    try:
        return shorten(str(json.loads(text)["value"]) if text.startswith("{") else text, _VALUE)
    except (ValueError, KeyError, TypeError):
        return shorten(text, _VALUE)


def _variable(variable: Variable) -> str:
    text = f"{variable.name} = {shorten(_value(variable), _VALUE)} at version {variable.version}"
    if variable.message.constraints_json not in ("", "{}"):
        text += f", constraints {shorten(variable.message.constraints_json, _CONSTRAINTS)}"
    if variable.optimizer_id:
        text += f", locked by {variable.optimizer_id}"
    return text + (f", metadata {_show(variable.metadata)}" if variable.metadata else "")


def _update(update: Update) -> str:
    """Return an update with its metadata."""
    return describe(update) + (f", metadata {_show(update.metadata)}" if update.metadata else "")


def _value(variable: Variable) -> str:
    try:
        return value_of(variable)
    except ValueError:
        return "something malformed"

"""Tests of ``python -m varbridge``: the commands about sessions and variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.client.cli_builders import client, lines, refused, rows
from varbridge import Connection, Session
from varbridge.conformance.clients.collected_watch import collect
from varbridge.output import read, shown, whole

# The bridge and its sessions


def test_ping(address: str) -> None:
    (line,) = lines(client(address, "ping"))
    assert line.startswith(f"the bridge at {address} answered within ")
    (row,) = rows(client(address, "ping", "--json"))
    assert row["address"] == address
    assert 0 < row["milliseconds"] < 10_000


def test_a_session_is_opened_described_and_ended(address: str) -> None:
    (row,) = rows(client(address, "--json", "open", "evening", "owner=me", "note=a=b", "--ttl", "600"))
    assert (row["session"], row["metadata"]) == ("evening", {"owner": "me", "note": "a=b"})
    assert lines(client(address, "register", "evening", "x", "integer", "1"))
    output = lines(client(address, "session", "evening"))
    assert [output[0], *output[2:]] == [
        "session     evening",
        'metadata    {"note": "a=b", "owner": "me"}',
        "variables   1",
        "tools       10",
    ]
    assert output[1].startswith("created at  20")
    (row,) = rows(client(address, "--json", "session", "evening"))
    assert (row["variables"], row["tools"]) == (1, 10)
    assert rows(client(address, "--json", "end", "evening")) == [{"session": "evening", "ended": 1}]
    refused(client(address, "session", "evening"), 1, "NOT_FOUND: Session not found: evening")


def test_a_time_to_live_is_sent_to_the_bridge(address: str) -> None:
    assert lines(client(address, "open", "short", "--ttl", "1"))
    with Connection(address) as connection, collect(connection.session("short")) as watch:
        assert watch.wait_until_over(20.0), "the session did not expire"


def test_commands_that_only_read_open_no_session(address: str) -> None:
    for command in (["list"], ["tools"], ["session"], ["get", "x"], ["watch"], ["run", "add", "a=1", "b=2"]):
        refused(client(address, command[0], "nowhere", *command[1:]), 1, "NOT_FOUND: Session not found")
    with Connection(address) as connection:
        assert not connection.session("nowhere").heartbeat()


# Variables


def test_a_variable_is_registered_set_read_rolled_back_and_deleted(address: str, session: Session) -> None:
    constraints = '{"min": 0, "max": 2}'
    run = client(address, "register", session.id, "rate", "float", "0.5", "--constraints", constraints)
    fields = dict(line.split(maxsplit=1) for line in lines(run))
    assert (fields["name"], fields["type"], fields["value"], fields["version"]) == (
        "rate",
        "float",
        "0.5",
        "1",
    )
    assert json.loads(fields["constraints"]) == {"min": 0, "max": 2}
    assert lines(client(address, "set", session.id, "rate", "0.75", "--meta", "changed_by=me")) == [
        "rate is at version 2"
    ]
    assert rows(client(address, "--json", "set", session.id, "rate", "1", "--expected-version", "2")) == [
        {"name": "rate", "version": 3}
    ]
    refused(client(address, "set", session.id, "rate", "2", "--expected-version", "2"), 1, "ABORTED: ")
    refused(client(address, "set", session.id, "rate", "2.5"), 1, "INVALID_ARGUMENT: ", "is above maximum")
    (row,) = rows(client(address, "--json", "get", session.id, "rate"))
    assert (row["value"], row["version"], row["metadata"]) == (1.0, 3, {"changed_by": "me"})
    heading, *entries = lines(client(address, "history", session.id, "rate"))
    assert heading.split() == ["VERSION", "TIME", "CHANGED", "BY", "VALUE"]
    assert [(line.split()[0], line.split()[-1]) for line in entries] == [
        ("3", "1.0"),
        ("2", "0.75"),
        ("1", "0.5"),
    ]
    assert all(line.rindex(line.split()[-1]) == heading.index("VALUE") for line in entries)
    (row,) = rows(client(address, "--json", "history", session.id, "rate", "--limit", "1"))
    assert (row["version"], row["value"], row["changed_by"]) == (3, 1.0, "client")
    (row,) = rows(client(address, "--json", "rollback", session.id, "rate", "1"))
    assert (row["version"], row["value"]) == (4, 0.5)
    assert lines(client(address, "delete", session.id, "rate")) == ["rate is deleted"]
    refused(client(address, "get", session.id, "rate"), 1, "NOT_FOUND: Variable not found: rate")


def test_variables_are_listed_in_columns_or_as_json(address: str, session: Session) -> None:
    assert lines(client(address, "list", session.id)) == []
    session.register("temperature", "float", 0.5)
    session.register("x", "string", "line\nand\x1b[31m\x85 more", metadata={"unit": "é"})
    assert lines(client(address, "list", session.id)) == [
        "NAME         TYPE    VERSION  VALUE",
        "temperature  float   1        0.5",
        'x            string  1        "line\\nand\\u001b[31m\\x85 more"',
    ]
    (row,) = rows(client(address, "--json", "list", session.id, "x*"))
    assert (row["name"], row["value"]) == ("x", "line\nand\x1b[31m\x85 more")
    assert row["metadata"] == {"unit": "é"}


def test_large_arrays_are_listed_as_their_shape_and_read_in_full(address: str, session: Session) -> None:
    import numpy

    small, large = numpy.arange(4.0), numpy.arange(12_000, dtype="float32").reshape(100, 120)
    session.register("small", "embedding", small)
    session.register("listed", "embedding", [0.5] * 100)
    session.register("large", "tensor", large)
    values = [line.split(maxsplit=3)[3] for line in lines(client(address, "list", session.id))[1:]]
    assert values == ["[0.0, 1.0, 2.0, 3.0]", "float64 of shape [100]", "float32 of shape [100, 120]"]
    (row,) = rows(client(address, "get", session.id, "large", "--json"))
    assert row["value"] == {"shape": [100, 120], "data": large.tolist()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("-3", -3),
        ("true", True),
        ("null", None),
        ('"42"', "42"),
        ("42", 42),
        ("fast", "fast"),
        ("", ""),
        ("two words", "two words"),
        ("[1, 2]", [1, 2]),
        ('{"a": "b"}', {"a": "b"}),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_an_argument_is_read_as_json_or_else_as_a_string(text: str, value: Any) -> None:
    assert read(text) == value
    assert type(read(text)) is type(value)


def test_values_of_every_type_can_be_typed_and_are_shown_in_the_same_form(
    address: str, session: Session
) -> None:
    for number, (kind, typed) in enumerate(
        {
            "float": "NaN",
            "integer": "9223372036854775807",
            "string": '"42"',
            "boolean": "true",
            "choice": "fast",
            "module": "some.module",
            "embedding": "[0.5, -1]",
            "tensor": '{"shape": [1, 2], "data": [[1, 2.5]]}',
        }.items()
    ):
        more = ["--constraints", '{"choices": ["fast", "slow"]}'] if kind == "choice" else []
        assert lines(client(address, "register", session.id, kind, kind, typed, *more))
        value = session.get(kind).value
        again = shown(value, kind)
        assert read(again) == read(typed) == whole(value, kind), number
    assert lines(client(address, "set", session.id, "float", "--", "-1e3"))
    assert session.get("float").value == -1000.0


def test_an_array_without_numpy_says_what_to_install(
    address: str, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.register("weights", "embedding", [0.5])
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError('No module named numpy', name='numpy')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    refused(client(address, "get", session.id, "weights"), 1, "pip install 'varbridge[arrays]'")

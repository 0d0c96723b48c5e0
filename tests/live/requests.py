"""Random requests of every method: well-formed ones with unusual contents, and some with changed bytes."""

from __future__ import annotations

import random
import string
import struct
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from varbridge.messages import snakepit_bridge_pb2 as pb

SESSIONS = ["fuzz-1", "fuzz-2", "fuzz-3"]
NAMES = ["x", "y", "tensor", "*", "", "n" * 257, "line\nbreak", "var_x_0", "🚀", "count", "message", "a", "n"]
TYPES = [
    "float",
    "integer",
    "string",
    "boolean",
    "choice",
    "module",
    "embedding",
    "tensor",
    "colour",
    "",
    "json",
]
TEXTS = [
    *["0.5", "1", "-0.0", "1e400", "NaN", '"NaN"', '"Infinity"', "true", "null", '""', '"text"', "\x00"],
    *["[]", "[1,2]", "{}", "[[[[1]]]]", "[1e999]", "[" * 100, "1" * 5000, '{"a":1,"a":2}', '"\\ud800"'],
    *["9223372036854775808", "-9223372036854775808"],
    '{"shape":[2],"data":[1,2]}',
    '{"shape":[2,2],"data":[[1,2],[3]]}',
    '{"shape":[-1],"data":[]}',
    '{"type":"tensor","shape":[2],"dtype":"float32","binary_format":"raw"}',
    '{"type":"embedding","shape":[2],"dtype":"float64","binary_format":"raw"}',
    '{"type":"tensor","shape":[9223372036854775807,9],"dtype":"int64","binary_format":"raw"}',
    '{"type":"tensor","shape":[0],"dtype":"int32","binary_format":"pickle"}',
    *['{"min":0,"max":1}', '{"min":1,"max":0}', '{"choices":["text","a"]}', '{"enum":["text"]}'],
    *['{"pattern":"(a+)+$"}', '{"pattern":"(?=a)"}', '{"min_length":-1}'],
    *['{"dimensions":2}', '{"shape":[2]}', '{"dtype":"float32"}'],
]
URLS = [f"type.googleapis.com/snakepit.{kind}{end}" for kind in TYPES for end in ("", ".binary")] + [
    f"dspex.variables/{kind}" for kind in TYPES
]
GOOD: dict[str, tuple[str, list[str], str]] = {
    "x": ("float", ["0.5", "1", '"NaN"'], ""),
    "y": ("integer", ["1", "0", "-1"], '{"min":0,"max":1}'),
    "tensor": ("tensor", ['{"shape":[2],"data":[1,2]}'], '{"shape":[2]}'),
    "🚀": ("string", ['"text"', '""'], '{"enum":["text"]}'),
    "*": ("embedding", ["[1,2]"], ""),
    "count": ("choice", ['"text"', '"a"'], '{"choices":["text","a"]}'),
}
"""The variables that exist most of the time: type, values that are mostly valid, and constraints."""

PARAMETERS = {
    "echo": {"message": b'"hello"'},
    "add": {"a": b"1.5", "b": b"2.5"},
    "increment": {"name": b'"y"'},
    "count": {"n": b"10"},
    "fail_after": {"n": b"3"},
}

TOOLS = ["echo", "add", "fail", "increment", "count", "fail_after", "divide", ""]

METHODS = list(pb.DESCRIPTOR.services_by_name["BridgeService"].methods)


class Fuzzer:
    """A generator of random requests."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def request(self) -> tuple[Any, bytes]:
        method = self.chance.choice(METHODS)
        if method.name == "CleanupSession" and self.chance.random() < 0.9:
            method = next(other for other in METHODS if other.name == "RegisterVariable")
        message = GetMessageClass(method.input_type)()
        self._fill(message, 0)
        if hasattr(message, "session_id") and self.chance.random() < 0.95:
            message.session_id = self.chance.choice(SESSIONS)
        if hasattr(message, "tool_name"):
            message.tool_name = self.chance.choice(TOOLS)
        if self.chance.random() < 0.6:
            self._make_plausible(message)
        data = bytearray(message.SerializeToString())
        if data and self.chance.random() < 0.2:
            for _ in range(self.chance.randint(1, 4)):
                data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        return method, bytes(data)

    def _make_plausible(self, message: Any) -> None:
        """Change a request to name a variable that probably exists, with a value that is probably valid."""
        name = self.chance.choice(list(GOOD))
        kind, texts, constraints = GOOD[name]
        value = {
            "type_url": f"type.googleapis.com/snakepit.{kind}",
            "value": self.chance.choice(texts).encode(),
        }
        parts = {
            "name": name,
            "type": kind,
            "constraints_json": constraints,
            "variable_identifier": name,
            "from_variable": name,
            "to_variable": self.chance.choice(list(GOOD)),
            "initial_binary_value": b"",
            "binary_value": b"",
        }
        for field in message.DESCRIPTOR.fields:
            if field.name in parts:
                setattr(message, field.name, parts[field.name])
            elif field.name in ("value", "initial_value"):
                any_value = getattr(message, field.name)
                any_value.type_url, any_value.value = value["type_url"], value["value"]
            elif field.name == "updates":
                message.updates[name].type_url = value["type_url"]
                message.updates[name].value = value["value"]
            elif field.name == "variable_identifiers":
                message.variable_identifiers[:] = [name]
            elif field.name == "parameters":
                message.ClearField(field.name)
                for parameter, text in PARAMETERS.get(message.tool_name, {}).items():
                    message.parameters[parameter].type_url = "type.googleapis.com/snakepit.json"
                    message.parameters[parameter].value = text
            elif field.name in ("expected_version", "resume_after") and self.chance.random() < 0.7:
                message.ClearField(field.name)

    def _fill(self, message: Message, depth: int) -> None:
        for field in message.DESCRIPTOR.fields:
            if self.chance.random() < 0.35:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                self._fill_map(message, field, depth)
            elif field.is_repeated:
                for _ in range(self.chance.randint(0, 3)):
                    if field.type == FieldDescriptor.TYPE_MESSAGE:
                        self._fill(getattr(message, field.name).add(), depth + 1)
                    else:
                        getattr(message, field.name).append(self._scalar(field))
            elif field.type == FieldDescriptor.TYPE_MESSAGE:
                self._fill_message(getattr(message, field.name), depth)
            else:
                setattr(message, field.name, self._scalar(field))

    def _fill_map(self, message: Message, field: FieldDescriptor, depth: int) -> None:
        entries = getattr(message, field.name)
        value = field.message_type.fields_by_name["value"]
        for _ in range(self.chance.randint(0, 3)):
            key = self.chance.choice(NAMES)
            if value.type == FieldDescriptor.TYPE_MESSAGE:
                self._fill_message(entries[key], depth)
            else:
                entries[key] = self._scalar(value)

    def _fill_message(self, message: Any, depth: int) -> None:
        message.SetInParent()
        if message.DESCRIPTOR.full_name == "google.protobuf.Any":
            message.type_url = self.chance.choice(URLS)
            message.value = self._bytes()
        elif depth < 4:
            self._fill(message, depth + 1)

    def _scalar(self, field: FieldDescriptor) -> Any:
        if field.type == FieldDescriptor.TYPE_STRING:
            pool = {"type": TYPES, "constraints_json": ["", "", *TEXTS], "worker_id": ["127.0.0.1:1", "w"]}
            text: str = self.chance.choice(pool.get(field.name, NAMES))
            return text
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self._bytes()
        if field.type == FieldDescriptor.TYPE_BOOL:
            return self.chance.random() < 0.5
        if field.type == FieldDescriptor.TYPE_INT64:
            return self.chance.choice([0, 1, -1, 5, 2**63 - 1, -(2**63)])
        return self.chance.choice([0, 1, 2, -1, 2**31 - 1, -(2**31)])

    def _bytes(self) -> bytes:
        chance = self.chance.random()
        if chance < 0.7:
            return str(self.chance.choice(TEXTS)).encode("utf-8", "surrogatepass")
        if chance < 0.8:
            return struct.pack("<2d", 0.5, float("nan"))
        if chance < 0.9:
            return bytes(8)
        return "".join(self.chance.choices(string.printable, k=20)).encode()

"""A bridge in its first days: five methods and four types, in one file.

It shows how to begin: answer what is there as the contract says, and everything else with UNIMPLEMENTED.
``behave features/ -D command="python examples/minimal_bridge.py"`` judges it.
"""

import argparse
import json
import os
import signal
import sys
import threading
import uuid
from concurrent import futures

import grpc

from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.snakepit_bridge_pb2_grpc import (
    BridgeServiceServicer,
    add_BridgeServiceServicer_to_server,
)

OTHERS = ("choice", "module", "embedding", "tensor")
NOT_FINITE = ("NaN", "Infinity", "-Infinity")


class Refused(Exception):  # noqa: N818
    """A refusal: a gRPC status and its message."""


def require(condition, code, message):
    if not condition:
        raise Refused(code, message)


def check_name(name):
    valid = 1 <= len(name) <= 256 and not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in name)
    require(valid, "INVALID_ARGUMENT", "ids and names have 1 to 256 characters and no control characters")


def stored(kind, message, array):
    """Return the JSON of a valid value of one of the four types."""
    prefix, _, named = message.type_url.rpartition("/")
    known = f"{prefix}/" in ("type.googleapis.com/", "dspex.variables/")
    require(known and named.removeprefix("snakepit.") == kind and not array, "INVALID_ARGUMENT", "type_url")
    try:
        value = json.loads(message.value.decode(), parse_constant=lambda _: [])
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused("INVALID_ARGUMENT", "malformed JSON") from None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "string":
        require(isinstance(value, str), "INVALID_ARGUMENT", "must be a string")
    elif kind == "boolean":
        require(isinstance(value, bool), "INVALID_ARGUMENT", "must be a boolean")
    elif kind == "integer":
        require(number and abs(value) < 2**64, "INVALID_ARGUMENT", "must be an integer")
        require(value == int(value), "INVALID_ARGUMENT", "must be a whole number")
        value = int(value)
        require(-(2**63) <= value < 2**63, "INVALID_ARGUMENT", "must be an integer")
    elif value not in NOT_FINITE:
        require(number and abs(value) <= sys.float_info.max, "INVALID_ARGUMENT", "must be a number")
        value = float(value)
    return json.dumps(value).encode()


class Bridge(BridgeServiceServicer):
    """The five methods; the base class answers the others with UNIMPLEMENTED."""

    def __init__(self):
        self.sessions = {}  # the variables by id, by the id of their session
        self.lock = threading.Lock()

    def answer(self, context, work):
        try:
            with self.lock:
                return work()
        except Refused as refused:
            code, message = refused.args
            return context.abort(grpc.StatusCode[code], message)

    def find(self, request):
        require(request.session_id in self.sessions, "NOT_FOUND", "Session not found")
        variables, identifier = self.sessions[request.session_id], request.variable_identifier
        named = [variable for variable in variables.values() if variable.name == identifier]
        require(identifier in variables or named, "NOT_FOUND", f"no variable {identifier}")
        return variables.get(identifier) or named[0]

    def change(self, variable, value, metadata):
        variable.value.type_url = f"type.googleapis.com/snakepit.{variable.type}"
        variable.value.value = value
        variable.metadata.update(metadata)
        variable.version += 1
        variable.source = pb.Variable.ELIXIR if metadata.get("source") == "elixir" else pb.Variable.PYTHON
        variable.last_updated_at.GetCurrentTime()

    def Ping(self, request, context):
        reply = pb.PingResponse(message=request.message)
        reply.server_time.GetCurrentTime()
        return reply

    def InitializeSession(self, request, context):
        def work():
            check_name(request.session_id)
            require(not request.config.ttl_seconds, "UNIMPLEMENTED", "a time to live")
            variables = self.sessions.setdefault(request.session_id, {}).values()
            by_name = {variable.name: variable for variable in variables}
            return pb.InitializeSessionResponse(success=True, initial_variables=by_name)

        return self.answer(context, work)

    def RegisterVariable(self, request, context):
        def work():
            check_name(request.session_id)
            check_name(request.name)
            require(request.type not in OTHERS, "UNIMPLEMENTED", "this type")
            require(request.constraints_json in ("", "{}"), "UNIMPLEMENTED", "constraints")
            known = request.type in ("float", "integer", "string", "boolean")
            require(known, "INVALID_ARGUMENT", "unknown type")
            value = stored(request.type, request.initial_value, request.initial_binary_value)
            variables = self.sessions.get(request.session_id, {})
            taken = any(variable.name == request.name for variable in variables.values())
            require(not taken, "ALREADY_EXISTS", f"{request.name} is registered")
            number = f"var_{request.name}_{uuid.uuid4().hex[:8]}"
            variable = pb.Variable(id=number, name=request.name, type=request.type)
            self.change(variable, value, request.metadata)
            self.sessions.setdefault(request.session_id, variables)[number] = variable
            return pb.RegisterVariableResponse(success=True, variable_id=number, variable=variable)

        return self.answer(context, work)

    def GetVariable(self, request, context):
        return self.answer(context, lambda: pb.GetVariableResponse(variable=self.find(request)))

    def SetVariable(self, request, context):
        def work():
            variable = self.find(request)
            require(not request.request_id, "UNIMPLEMENTED", "request ids")
            value = stored(variable.type, request.value, request.binary_value)
            expected = not request.HasField("expected_version") or request.expected_version
            current = expected is True or expected == variable.version
            require(current, "ABORTED", f"the version is {variable.version}")
            self.change(variable, value, request.metadata)
            return pb.SetVariableResponse(success=True, new_version=variable.version)

        return self.answer(context, work)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    add_BridgeServiceServicer_to_server(Bridge(), server)
    port = server.add_insecure_port(f"127.0.0.1:{options.port}")
    server.start()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(1) if over.is_set() else over.set())
    print(f"GRPC_READY:{port}", flush=True)
    parent = os.getppid()
    while not over.wait(0.2) and os.getppid() == parent:
        pass
    server.stop(5).wait()


if __name__ == "__main__":
    main()

"""A bridge in its first days: five methods and two types, in one file.

It answers what it has as the contract says, and everything else with UNIMPLEMENTED, which is how to begin:
behave features/ -D command="python examples/minimal_bridge.py"
"""

import os

PARENT = os.getppid()  # now, since the parent process may end during the imports

import argparse
import json
import signal
import threading
import uuid
from concurrent import futures

import grpc

from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as services

NOT_YET = ("integer", "boolean", "choice", "module", "embedding", "tensor")


def require(context, condition, message, code="INVALID_ARGUMENT"):
    if not condition:
        context.abort(grpc.StatusCode[code], message)  # raises an exception


def require_name(context, name):
    valid = 0 < len(name) <= 256 and all(32 <= ord(sign) < 127 or ord(sign) >= 160 for sign in name)
    require(context, valid, "1 to 256 characters, no control characters")


def valid_json(context, kind, message, array):
    urls = (f"type.googleapis.com/snakepit.{kind}", f"dspex.variables/{kind}")
    require(context, message.type_url in urls and not array, f"the type_url must be that of a {kind}")
    try:
        value = json.loads(message.value.decode(), parse_constant=lambda _: [])
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        require(context, False, "malformed JSON")
    if kind == "string":
        require(context, isinstance(value, str), "must be a string")
    elif value not in ("NaN", "Infinity", "-Infinity"):
        number = type(value) in (int, float) and abs(value) < 2**1024 and len(message.value) < 1000
        require(context, number, "must be a number")
    return json.dumps(value).encode()


def change(variable, value, metadata):
    variable.value.type_url, variable.value.value = f"type.googleapis.com/snakepit.{variable.type}", value
    variable.metadata.update(metadata)
    variable.version += 1
    variable.source = pb.Variable.ELIXIR if metadata.get("source") == "elixir" else pb.Variable.PYTHON
    variable.last_updated_at.GetCurrentTime()


class Bridge(services.BridgeServiceServicer):
    """The five methods; the base class answers the others with UNIMPLEMENTED."""

    sessions = {}  # noqa: RUF012  # the variables by id, by the id of their session

    def find(self, request, context):
        require(context, request.session_id in self.sessions, "Session not found", "NOT_FOUND")
        variables, identifier = self.sessions[request.session_id], request.variable_identifier
        by_name = {variable.name: variable for variable in variables.values()}
        require(context, identifier in {**variables, **by_name}, "no such variable", "NOT_FOUND")
        return variables.get(identifier) or by_name[identifier]

    def Ping(self, request, context):
        reply = pb.PingResponse(message=request.message)
        reply.server_time.GetCurrentTime()
        return reply

    def InitializeSession(self, request, context):
        require_name(context, request.session_id)
        require(context, not request.config.ttl_seconds, "a time to live", "UNIMPLEMENTED")
        variables = self.sessions.setdefault(request.session_id, {})
        by_name = {variable.name: variable for variable in variables.values()}
        return pb.InitializeSessionResponse(success=True, initial_variables=by_name)

    def RegisterVariable(self, request, context):
        require_name(context, request.session_id)
        require_name(context, request.name)
        later = request.type in NOT_YET or request.constraints_json not in ("", "{}")
        require(context, not later, "this type, or constraints", "UNIMPLEMENTED")
        require(context, request.type in ("float", "string"), "unknown type")
        value = valid_json(context, request.type, request.initial_value, request.initial_binary_value)
        variables = self.sessions.get(request.session_id, {})
        taken = any(variable.name == request.name for variable in variables.values())
        require(context, not taken, f"{request.name} is registered", "ALREADY_EXISTS")
        new_id = f"var_{request.name}_{uuid.uuid4().hex[:8]}"
        variable = pb.Variable(id=new_id, name=request.name, type=request.type)
        change(variable, value, request.metadata)
        self.sessions.setdefault(request.session_id, variables)[new_id] = variable
        return pb.RegisterVariableResponse(success=True, variable_id=new_id, variable=variable)

    def GetVariable(self, request, context):
        return pb.GetVariableResponse(variable=self.find(request, context))

    def SetVariable(self, request, context):
        variable = self.find(request, context)
        later = request.request_id or request.HasField("expected_version")
        require(context, not later, "a request id, or an expected version", "UNIMPLEMENTED")
        value = valid_json(context, variable.type, request.value, request.binary_value)
        change(variable, value, request.metadata)
        return pb.SetVariableResponse(success=True, new_version=variable.version)


(parser := argparse.ArgumentParser()).add_argument("--port", type=int, default=0)
server = grpc.server(futures.ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
services.add_BridgeServiceServicer_to_server(Bridge(), server)
port = server.add_insecure_port(f"127.0.0.1:{parser.parse_args().port}")
over = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: os._exit(1) if over.is_set() else over.set())
server.start()
print(f"GRPC_READY:{port}", flush=True)
while os.getppid() == PARENT and not over.wait(0.2):
    pass
server.stop(5).wait()

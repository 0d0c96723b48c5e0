"""Small bridges that tests judge: each is a program for ``-D command``, which takes any flags."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from textwrap import indent

_BRIDGE = """\
import os, signal, sys, time
from concurrent.futures import ThreadPoolExecutor

import grpc

from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def act(request, context):
{act}


class Bridge(pb_grpc.BridgeServiceServicer):
    def Ping(self, request, context):
        return pb.PingResponse(message=request.message)


for method in pb.DESCRIPTOR.services_by_name["BridgeService"].methods:
    if method.name != "Ping":
        setattr(Bridge, method.name, lambda self, request, context: act(request, context))
server = grpc.server(ThreadPoolExecutor(32))
pb_grpc.add_BridgeServiceServicer_to_server(Bridge(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
{announce}
signal.pause()
"""

READY = 'print(f"GRPC_READY:{port}", flush=True)'
UNIMPLEMENTED = 'context.abort(grpc.StatusCode.UNIMPLEMENTED, "not here")'


def bridge(folder: Path, act: str = UNIMPLEMENTED, announce: str = READY) -> str:
    """Write a bridge that answers Ping, and return the command that starts it.

    Args:
        folder: the folder of the program.
        act: the statements that it executes at any other call, with ``request`` and ``context``.
        announce: the statements that it executes when it listens at ``port``.
    """
    program = folder / "bridge.py"
    program.write_text(_BRIDGE.format(act=indent(act, "    "), announce=announce))
    return shlex.join([sys.executable, str(program)])

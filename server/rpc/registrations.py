"""The servicer of clients' tool registrations."""

from __future__ import annotations

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.sessions import Sessions
from .preparation import CHECKED
from .tool_hosts import Hosts
from .tool_specs import registered_tool, spec_message


class RegistrationServicer:
    """A servicer that registers and lists clients' tools.

    Args:
        sessions: the open sessions.
        hosts: the tool hosts, whose ``check`` refuses a registration with a forbidden address.
    """

    def __init__(self, sessions: Sessions, hosts: Hosts) -> None:
        self._sessions = sessions
        self._hosts = hosts

    def RegisterTools(self, request: pb.RegisterToolsRequest, prefix: str) -> pb.RegisterToolsResponse:
        """Add a client's tools to a session, all or none."""
        with self._sessions.opening(request.session_id) as session:
            host = self._hosts.check(request.worker_id)
            tools = [registered_tool(registration, host) for registration in request.tools]
            session.register_tools(tools, CHECKED.get())
            return pb.RegisterToolsResponse(success=True, tool_ids={tool.name: tool.id for tool in tools})

    def GetExposedElixirTools(
        self, request: pb.GetExposedElixirToolsRequest, prefix: str
    ) -> pb.GetExposedElixirToolsResponse:
        """List the tools that clients have registered."""
        session = self._sessions.find(request.session_id)
        return pb.GetExposedElixirToolsResponse(tools=[spec_message(tool, prefix) for tool in session.tools])

"""The servicer of calls about sessions, and of Ping."""

from __future__ import annotations

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.clock import Clock
from ..core.names import check_name
from ..core.sessions import Sessions
from ..tools.registry import Registry
from . import codec
from .tool_specs import of_session, spec_message


class SessionServicer:
    """A servicer that opens, describes, renews and ends sessions."""

    def __init__(self, sessions: Sessions, tools: Registry, clock: Clock) -> None:
        self._sessions = sessions
        self._tools = tools
        self._clock = clock

    def Ping(self, request: pb.PingRequest, prefix: str) -> pb.PingResponse:
        """Return the message of the request, and the server's time."""
        return pb.PingResponse(message=request.message, server_time=codec.timestamp(self._clock.utc()))

    def InitializeSession(self, request: pb.InitializeSessionRequest, prefix: str) -> bytes:
        """Open a session if it is not open, and return its tools and variables."""
        with self._sessions.opening(
            request.session_id, request.metadata, request.config.ttl_seconds
        ) as session:
            return codec.opening_reply(
                pb.InitializeSessionResponse(
                    success=True,
                    available_tools={
                        tool.name: spec_message(tool, prefix) for tool in of_session(self._tools, session)
                    },
                ),
                {variable.name: codec.variable_bytes(variable, prefix) for variable in session.matching()},
            )

    def CleanupSession(self, request: pb.CleanupSessionRequest, prefix: str) -> pb.CleanupSessionResponse:
        """End a session; return the number of its variables, watches and tools."""
        return pb.CleanupSessionResponse(
            success=True, resources_cleaned=self._sessions.close(request.session_id)
        )

    def GetSession(self, request: pb.GetSessionRequest, prefix: str) -> pb.GetSessionResponse:
        """Return the metadata of a session, and the numbers of its variables and tools."""
        session = self._sessions.find(request.session_id)
        return pb.GetSessionResponse(
            session_id=session.id,
            metadata=session.metadata,
            created_at=codec.timestamp(session.created_at),
            variable_count=len(session),
            tool_count=sum(1 for _ in of_session(self._tools, session)),
        )

    def Heartbeat(self, request: pb.HeartbeatRequest, prefix: str) -> pb.HeartbeatResponse:
        """Restart the time to live of a session; return in the reply if it is open."""
        valid = self._sessions.renew(check_name(request.session_id, "session_id")) is not None
        return pb.HeartbeatResponse(server_time=codec.timestamp(self._clock.utc()), session_valid=valid)

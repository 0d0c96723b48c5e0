"""The servicer of dependencies between variables."""

from __future__ import annotations

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.sessions import Sessions


class DependencyServicer:
    """A servicer that adds dependencies between variables."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def AddDependency(self, request: pb.AddDependencyRequest, prefix: str) -> pb.AddDependencyResponse:
        """Record that one variable follows another."""
        session = self._sessions.find(request.session_id)
        session.depend(request.from_variable, request.to_variable, request.dependency_type)
        return pb.AddDependencyResponse(success=True)

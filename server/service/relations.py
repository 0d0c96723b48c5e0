"""The calls about how variables hang together: dependencies, and who optimizes what."""

from __future__ import annotations

from proto import snakepit_bridge_pb2 as pb
from server.service import wire
from server.sessions import Sessions


class RelationCalls:
    """Dependencies and optimization."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def AddDependency(self, request: pb.AddDependencyRequest, prefix: str) -> pb.AddDependencyResponse:
        """Record that one variable follows another."""
        session = self._sessions.find(request.session_id)
        session.depend(request.from_variable, request.to_variable, request.dependency_type)
        return pb.AddDependencyResponse(success=True)

    def StartOptimization(
        self, request: pb.StartOptimizationRequest, prefix: str
    ) -> pb.StartOptimizationResponse:
        """Give a variable to one optimizer."""
        session = self._sessions.find(request.session_id)
        made = session.start_optimization(request.variable_identifier, request.optimizer_id)
        return pb.StartOptimizationResponse(success=True, optimization_id=made)

    def StopOptimization(
        self, request: pb.StopOptimizationRequest, prefix: str
    ) -> pb.StopOptimizationResponse:
        """Free a variable from its optimizer."""
        session = self._sessions.find(request.session_id)
        variable = session.stop_optimization(
            request.variable_identifier, request.optimizer_id, force=request.force
        )
        return pb.StopOptimizationResponse(
            success=True,
            final_value=wire.any_of(variable.value, prefix),
            final_binary_value=variable.value.array,
        )

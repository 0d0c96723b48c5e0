"""The calls about which optimizer works on which variable."""

from __future__ import annotations

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.sessions import Sessions
from . import codec


class OptimizationServicer:
    """Variables that are given to one optimizer at a time."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

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
            final_value=codec.any_of(variable.value, prefix),
            final_binary_value=variable.value.array,
        )

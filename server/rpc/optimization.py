"""The servicer of optimization locks."""

from __future__ import annotations

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.sessions import Sessions
from . import codec


class OptimizationServicer:
    """A servicer that locks variables for one optimizer at a time."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def StartOptimization(
        self, request: pb.StartOptimizationRequest, prefix: str
    ) -> pb.StartOptimizationResponse:
        """Lock a variable for one optimizer."""
        session = self._sessions.find(request.session_id)
        optimization_id = session.start_optimization(request.variable_identifier, request.optimizer_id)
        return pb.StartOptimizationResponse(success=True, optimization_id=optimization_id)

    def StopOptimization(
        self, request: pb.StopOptimizationRequest, prefix: str
    ) -> pb.StopOptimizationResponse:
        """Release the lock of a variable."""
        session = self._sessions.find(request.session_id)
        variable = session.stop_optimization(
            request.variable_identifier, request.optimizer_id, force=request.force
        )
        return pb.StopOptimizationResponse(
            success=True,
            final_value=codec.any_of(variable.value, prefix),
            final_binary_value=variable.value.array,
        )

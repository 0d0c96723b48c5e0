"""The random walks of a scenario."""

from __future__ import annotations

from varbridge import Connection
from varbridge.conformance.report.record import DivergenceRecord, Figure
from varbridge.conformance.scenario.world import World

CLIENTS = 3


def take_walks(world: World, subject: str) -> None:
    """Take the random walks of the run about a subject; the world gets their divergences."""
    from varbridge.conformance.model.explorer import Exploration, explore  # only for these scenarios
    from varbridge.conformance.model.walk_watch import DEADLINE_S
    from varbridge.conformance.model.walker import Walker
    from varbridge.conformance.model.walks import LONG

    options = world.target.options
    # The connections are not recorded: thousands of calls are too many to store.
    connections: list[Connection] = []

    def connect() -> list[Connection]:
        for connection in connections:
            connection.close()
        connections[:] = [
            Connection(
                world.client.connection.address,
                service=options.service,
                tls=world.client.credentials.tls,
                token=world.client.credentials.token,
            )
            for _ in range(CLIENTS)
        ]
        return connections

    def restart() -> list[Connection]:
        process = world.servers.process
        process.kill()
        process.wait_ended(DEADLINE_S)
        world.start_again()
        return connect()

    state = Exploration(lacking={*options.profile.lacking_methods})
    if "requires_standard_tools" not in world.target.capabilities:
        state.lacking.add("ExecuteTool")
    durable = restart if subject == "restarts" else None
    walker = Walker(connect(), state.excluded, state.lacking, state.met, durable)
    count = max(1, options.walks // LONG.get(subject, 1))
    try:
        findings = explore(walker.take, state, subject=subject, count=count, seed=options.seed)
    finally:
        for connection in connections:
            connection.close()
    world.target.coverage.add_cases(map(str, state.met))
    walks = "1 random walk" if state.walks == 1 else f"{state.walks} random walks"
    world.figures.append(Figure(f"calls of {walks} about {subject}", walker.calls, ""))
    for finding in findings:
        divergence = finding.divergence
        again = "" if finding.again else "; it did not come again when the same walk was taken again"
        world.divergences.append(
            DivergenceRecord(
                statement=divergence.statement,
                sentence=f"{divergence.case}: expected {divergence.expected}, but {divergence.actual}"
                f"{again} ({divergence.statement})",
                scenario=divergence.scenario,
            )
        )

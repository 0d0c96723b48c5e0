"""``python -m tests.mutants.races``: measure how often the races of the features miss a defect.

The mutants of ``RACES`` check in one turn of the event loop and write in the next one. For each of them, the
races of its scenario run again and again. The command prints how many races showed the defect, how many
scenarios did not, and the estimated probability that a scenario misses it.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence

from varbridge import Connection
from varbridge.conformance.clients.races import Race, Races
from varbridge.process import ServerProcess

RACES: dict[str, tuple[Callable[[Races], list[Race]], int]] = {
    "versions-are-compared-a-turn-earlier": (Races.set_expecting_one_version, 300),
    "request-ids-are-looked-up-a-turn-earlier": (Races.set_with_one_request_id, 300),
    "names-are-looked-up-a-turn-earlier": (Races.register_one_name, 300),
    "locks-are-looked-up-a-turn-earlier": (Races.lock_one_variable, 300),
}
"""The races that must show each mutant, and their number in the scenario."""


def main(arguments: Sequence[str]) -> int:
    """Print the figures of each mutant; return 1 if a scenario misses one once in 1,000 runs or more."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.races", description=__doc__)
    parser.add_argument("names", nargs="*", help="measure only the mutants with these names")
    parser.add_argument("--runs", type=int, default=30, help="scenarios of each mutant (default: 30)")
    options = parser.parse_args(arguments)
    most = 0.0
    for name in options.names or RACES:
        shown, races, missed = measure(name, options.runs)
        rate = shown / races
        chance = math.exp(-rate * RACES[name][1])
        most = max(most, chance)
        print(
            f"{name}: {shown} of {races} races lost ({rate:.1%}), missed by {missed} of {options.runs}"
            f" scenarios; a scenario misses it with the probability {chance:.1e}"
        )
    return 0 if most < 0.001 else 1


def measure(name: str, runs: int) -> tuple[int, int, int]:
    """Return how many races showed a mutant, of how many, and how many scenarios did not show it."""
    race, times = RACES[name]
    process = ServerProcess([sys.executable, "-m", "tests.mutants", "serve", name, "--port", "0"])
    shown = races = missed = 0
    try:
        with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
            for run in range(runs):
                session = connection.session(f"{name} {run}")
                session.initialize()
                outcomes = race(Races(connection, session.id, times))
                lost = sum(map(is_lost, outcomes))
                shown, races, missed = shown + lost, races + len(outcomes), missed + (not lost)
                session.clean_up()
    finally:
        process.kill()
    return shown, races, missed


def is_lost(race: Race) -> bool:
    """Return True if more than one of the calls was accepted, or if they were answered different versions."""
    if race.refused:
        return len(race.accepted) > 1
    return len({getattr(reply, "new_version", index) for index, reply in enumerate(race.accepted)}) > 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

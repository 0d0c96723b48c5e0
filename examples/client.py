"""A client of the bridge in Python: register, watch, set, and run a tool.

python -m server --port 50051        # in one terminal
python examples/client.py            # in another one
"""

from __future__ import annotations

import sys

from varbridge import BridgeError, Connection


def main(address: str) -> None:
    with Connection(address) as connection:
        session = connection.session("example")
        session.register("temperature", "float", 0.7, constraints={"min": 0, "max": 2})
        with session.watch("temperature") as watch:  # open from here on: no change is missed
            version = session.set("temperature", 0.9, expected_version=1, request_id="raise-temperature")
            update = next(iter(watch))
        print(f"temperature is {update.variable.value} at version {version}, change {update.sequence}")
        try:
            session.set("temperature", 2.5)
        except BridgeError as error:
            print(f"refused: {error}")
        print(f"add answered {session.execute('add', {'a': 1.5, 'b': 2.0})}")
        session.clean_up()


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["127.0.0.1:50051"]))

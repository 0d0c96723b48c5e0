"""The interface: ``snakepit_bridge.proto``, and the stubs generated from it by ``proto/generate.py``."""

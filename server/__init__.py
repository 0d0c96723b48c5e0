"""The reference bridge: ``python -m server``.

Arrows run from the edge inwards: ``__main__`` (flags) → ``lifecycle`` (open, bind, announce, drain) →
``service`` (RPC in, RPC out) → ``sessions``, ``variables``, ``log`` (pure: no I/O, no gRPC, no clock
but the one handed in) → ``values``, ``types``, ``constraints``.
"""

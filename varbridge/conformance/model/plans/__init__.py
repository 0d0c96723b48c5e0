"""The plans of all actions: for each, the call and the answer that the contract requires."""

from varbridge.conformance.model.plan import plan_of
from varbridge.conformance.model.plans import batches, dependencies, sessions, tools, variables, watches

__all__ = ["batches", "dependencies", "plan_of", "sessions", "tools", "variables", "watches"]

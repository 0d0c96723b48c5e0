"""Observability: logs, metrics and traces. All are off by default and then cost nothing."""

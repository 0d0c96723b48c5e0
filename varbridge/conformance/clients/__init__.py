"""Clients with a task: recorded and retrying connections, workloads."""

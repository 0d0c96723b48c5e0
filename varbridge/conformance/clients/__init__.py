"""Clients for special purposes: recorded and retrying connections, and workloads."""

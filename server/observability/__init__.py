"""What an operator sees: logs, metrics, traces. Off by default, and free when off."""

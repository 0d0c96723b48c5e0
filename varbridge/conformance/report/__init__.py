"""What a run leaves: results, traces, and reports for people and machines."""

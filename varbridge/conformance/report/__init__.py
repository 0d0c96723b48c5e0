"""The output of a run: traces, and reports for people and machines."""

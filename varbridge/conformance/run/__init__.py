"""One run of the features: its selection, validation, results, decision and reports."""

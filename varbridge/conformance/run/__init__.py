"""One run of the features: options, target, selection, validation, verdict."""

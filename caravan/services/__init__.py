"""State changes of the caravan; one use case a module."""

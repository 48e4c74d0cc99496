"""State changes of claims; one use case a module."""

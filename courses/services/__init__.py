"""State changes of courses; one use case a module."""

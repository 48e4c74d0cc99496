"""Settings by environment: ``embedded`` (one command, SQLite), ``production``, ``test``."""

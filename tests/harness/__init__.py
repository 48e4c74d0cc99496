"""Fixtures of the suite, one file a subject; ``tests/conftest.py`` loads them."""

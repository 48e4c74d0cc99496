"""Benches of this app; each is run by ``manage.py bench``."""

"""The suite: the embedded settings in a folder of its own; ``DATABASE_URL`` chooses the database.

Each pytest-xdist process gets its own part of the folder, and a worker that a test starts shares it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "TEST_VAR_DIR" not in os.environ:
    os.environ["TEST_VAR_DIR"] = tempfile.mkdtemp(prefix="caravan-test-")
    atexit.register(shutil.rmtree, os.environ["TEST_VAR_DIR"], ignore_errors=True)
_process = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["VAR_DIR"] = str(Path(os.environ["TEST_VAR_DIR"]) / _process)
# One broker serves the whole run: a worker of this process must not take another's messages.
os.environ["CELERY_QUEUE"] = os.environ.get("QUEUE_OF_TEST", "caravan") + f"-{_process}"

from cms.settings.embedded import *  # noqa: E402,F403  reads what is set above

# Argon2 costs 60 ms a user by design; tests make hundreds of users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING["root"]["level"] = "WARNING"

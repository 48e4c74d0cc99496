"""What happens when a server or the browser is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip a test whose server or browser is missing; with ``CI=true`` that is a failure."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{reason} (with CI=true a missing part is a failure)", pytrace=False)
    pytest.skip(reason)

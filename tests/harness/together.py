"""Run things at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections


@pytest.fixture
def run_together(transactional_db: None) -> Callable[..., list[Any]]:
    """Return ``run(*callables, timeout=60)``: each in a thread, all let go at one barrier.

    The list holds, in the order of the callables, what each returned or the exception it raised.
    Real transactions are implied: a thread has a connection of its own and closes it.
    """

    def run(*callables: Callable[[], Any], timeout: float = 60) -> list[Any]:
        barrier = threading.Barrier(len(callables))
        results: list[Any] = [TimeoutError("did not end in time")] * len(callables)

        def carry_out(position: int, action: Callable[[], Any]) -> None:
            try:
                barrier.wait(timeout)
                results[position] = action()
            except BaseException as error:  # noqa: BLE001 - the test judges it
                results[position] = error
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=carry_out, args=numbered, daemon=True)
            for numbered in enumerate(callables)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout)
        return results

    return run

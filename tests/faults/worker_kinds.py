"""What a worker of the fault tests imports."""

from tests.faults.kinds import register

register()

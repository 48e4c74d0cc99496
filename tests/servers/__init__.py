"""Real PostgreSQL, Redis and RabbitMQ servers that belong to one test run alone.

Each is a context manager that yields the server's URL. Ports are free ones, data is temporary, and
the packages' own services are neither used nor touched. ``ServerMissing`` says what to install.
"""

from tests.servers.postgresql import postgresql
from tests.servers.rabbitmq import rabbitmq
from tests.servers.redis import redis
from tests.servers.start import ServerMissing

__all__ = ["SERVERS", "ServerMissing", "postgresql", "rabbitmq", "redis"]

# By the environment variable that hands a running server to the tests.
SERVERS = {
    "TEST_POSTGRES_URL": postgresql,
    "TEST_REDIS_URL": redis,
    "TEST_RABBITMQ_URL": rabbitmq,
}

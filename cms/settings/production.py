"""A real office: every secret and address comes from the environment, nothing has a default."""

from __future__ import annotations

from pathlib import Path

from cms.logs.config import logging_config
from cms.settings.base import *  # noqa: F403
from cms.settings.databases import database_from_url
from cms.settings.env import env_bool, env_int, env_list, env_secret, env_secrets, env_str

DEBUG = False
IS_OFFICE = True
SECRET_KEY = env_secret("SECRET_KEY")
FIELD_KEYS = env_secrets("FIELD_KEYS")
LOOKUP_KEYS = env_secrets("LOOKUP_KEYS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", [])
PUBLIC_URL = env_str("PUBLIC_URL").rstrip("/")
WAGTAILADMIN_BASE_URL = PUBLIC_URL
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [PUBLIC_URL])

DATABASES = {"default": database_from_url(env_secret("DATABASE_URL"))}
CELERY_BROKER_URL = env_secret("CELERY_BROKER_URL")
MEDIA_ROOT = Path(env_str("MEDIA_ROOT"))
PRIVATE_ROOT = Path(env_str("PRIVATE_ROOT"))
STATIC_ROOT = Path(env_str("STATIC_ROOT", str(STATIC_ROOT)))

STAFF_SECOND_FACTOR = env_bool("STAFF_SECOND_FACTOR", True)
# The web server in front that also names the scheme, below.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 1)
LOGGING = logging_config(env_str("LOG_FORMAT", "json"), LOG_LEVEL)

SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

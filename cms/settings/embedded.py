"""One machine, one command: SQLite, an embedded broker and keys under ``var/``.

Every default can be replaced by the environment variable of the same name, so the same settings
also run on PostgreSQL with Redis or RabbitMQ.
"""

from __future__ import annotations

import os
from pathlib import Path

from cms.settings.base import *  # noqa: F403
from cms.settings.base import BASE_DIR
from cms.settings.broker import filesystem_transport
from cms.settings.databases import database_from_url
from cms.settings.env import env_bool, env_list, env_secret, env_secret_or_empty, env_secrets, env_str
from cms.settings.keys import ensure_key_files
from cms.settings.mail import mail_from_url

VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))
ensure_key_files(VAR_DIR / "keys", os.environ)

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_secret("SECRET_KEY")
FIELD_KEYS = env_secrets("FIELD_KEYS")
LOOKUP_KEYS = env_secrets("LOOKUP_KEYS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [])

DATABASES = {
    "default": database_from_url(env_str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'caravan.sqlite3'}"))
}
CELERY_BROKER_URL = env_str("CELERY_BROKER_URL", "filesystem://localhost//")
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = filesystem_transport(VAR_DIR / "broker")

MEDIA_ROOT = Path(env_str("MEDIA_ROOT", str(VAR_DIR / "media")))
PRIVATE_ROOT = Path(env_str("PRIVATE_ROOT", str(VAR_DIR / "private")))
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

# Both commands work from a checkout without collectstatic; WhiteNoise reads the apps' static folders.
WHITENOISE_USE_FINDERS = True
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
globals().update(mail_from_url(env_secret_or_empty("EMAIL_URL") or "console:"))

"""What every environment shares. Composition root: the only place that lists all apps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from cms.logs.config import logging_config
from cms.queues import Queue, broker_queues, task_routes
from cms.settings.caches import caches_from_url
from cms.settings.env import env_bool, env_int, env_pems, env_secret_or_empty, env_str
from cms.settings.mail import mail_from_url

# Lets forms and views be subscripted at run time (``ModelForm[Claim]``), as the type checker reads them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parents[2]

INSTALLED_APPS = [
    "cms",
    "courses",
    "caravan",
    "certificates",
    "wagtail.contrib.routable_page",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "import_export",
    "django_htmx",
    "csp",
    # Of allauth: authenticator apps, recovery codes and the list of sessions; its account app carries them.
    # None of its addresses is mounted (docs/decisions/005).
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "cms.operations.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "cms.middleware.UploadLimitMiddleware",
    "cms.middleware.AddressMiddleware",
    "cms.middleware.NotAllowedPageMiddleware",
    "cms.shared_phone.SharedPhoneMiddleware",
    "cms.signing_in.SignedInMiddleware",
    "cms.backoffice.gate.BackofficeGate",
]

# The doctor is stricter with an office than with a desk.
IS_OFFICE = False

ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "cms.context.site",
            ],
        },
    }
]

AUTH_USER_MODEL = "cms.User"
AUTHENTICATION_BACKENDS = ["cms.auth.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account:sign_in"
LOGIN_REDIRECT_URL = "account:home"
LOGOUT_REDIRECT_URL = "/"
# Wrong passwords and codes: so many in so long, counted in the shared cache, then 429 for the rest of it.
THROTTLE_FAILURES = 10
THROTTLE_SECONDS = 15 * 60
# A whole school may sit behind one address; a list of stolen passwords tries more names than that.
THROTTLE_ADDRESS_FAILURES = 200
SLIP_DAYS = 30
# One officer sees so many document numbers in clear a day.
REVEALS_A_DAY = env_int("REVEALS_A_DAY", 30)
# A shared phone asks for the password after so many minutes without a touch.
SHARED_PHONE_MINUTES = env_int("SHARED_PHONE_MINUTES", 5)
# A deletion that two people agreed to is carried out so many days later: time to take it back.
DELETION_DAYS = env_int("DELETION_DAYS", 7)
# A link to a private file serves its owner so long.
FILE_LINK_HOURS = 24
# Codes by text message or e-mail.
CODE_SECONDS = 5 * 60
CODE_TRIES = 5
CODES_A_DAY = 10
CACHES = caches_from_url(env_str("CACHE_URL", "database:"))
# How many of our own proxies add to X-Forwarded-For; 0: the header is not read.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 0)
# Whoever reaches the back office needs a second factor; an office has it on.
STAFF_SECOND_FACTOR = env_bool("STAFF_SECOND_FACTOR", False)
MFA_ADAPTER = "cms.mfa.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# allauth's own sign-up and sign-in are not used; these two only have to agree with each other.
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
# Dotted path of the class that hands text messages over; empty: no text messages, slips instead.
SMS_GATEWAY = env_str("SMS_GATEWAY", "")
# What cms.messaging.http_gateway.HttpSmsGateway signs its requests with.
SMS_HTTP_URL = env_str("SMS_HTTP_URL", "")
SMS_HTTP_KEY_ID = env_str("SMS_HTTP_KEY_ID", "")
SMS_HTTP_SECRET = env_secret_or_empty("SMS_HTTP_SECRET")
SMS_HTTP_SIGNATURE = env_str("SMS_HTTP_SIGNATURE", "")
SMS_HTTP_TEMPLATE = env_str("SMS_HTTP_TEMPLATE", "")
SMS_HTTP_TIMEOUT = env_int("SMS_HTTP_TIMEOUT", 15)
globals().update(mail_from_url(env_secret_or_empty("EMAIL_URL")))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env_str("EMAIL_FROM", "caravan@localhost")
# Private keys kept outside the database, PEM; the first signs for the installation itself.
SIGNING_KEYS = env_pems("SIGNING_KEYS")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
# The packages inside certificates keep their own catalogues, as they keep their own templates.
LOCALE_PATHS = [
    BASE_DIR / "certificates" / name / "locale" for name in ("issuing", "refreshers", "subsidies", "reports")
]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
MEDIA_URL = "/media/"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {"BACKEND": "cms.storage.PrivateFileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# 20 MiB covers a roster of tens of thousands of rows; a larger body is answered 413 with this figure.
UPLOAD_LIMIT_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_LIMIT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

WAGTAIL_SITE_NAME = "大篷车"
# No page embeds anything from elsewhere: nothing here asks other servers, nor loads what would ask them.
WAGTAILEMBEDS_FINDERS: list[dict[str, Any]] = []
WAGTAILADMIN_BASE_URL = env_str("PUBLIC_URL", "http://127.0.0.1:8000")
PUBLIC_URL = WAGTAILADMIN_BASE_URL.rstrip("/")
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
WAGTAIL_USER_TIME_ZONES = ["Asia/Shanghai"]
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
# Passwords and addresses change on our own pages alone, which end sessions and write the audit log.
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_ENABLED = False
WAGTAIL_FRONTEND_LOGIN_URL = "account:sign_in"
WAGTAILADMIN_LOGIN_URL = "account:sign_in"
WAGTAILADMIN_RICH_TEXT_EDITORS = {
    "default": {
        "WIDGET": "wagtail.admin.rich_text.DraftailRichTextArea",
        "OPTIONS": {"features": ["h2", "h3", "bold", "ol", "ul", "link", "hr"]},
    }
}
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "cms.search.bigram"}}

IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_USE_TRANSACTIONS = True

# Worker and scheduler write a sign of life this often; three missed ones and /readyz answers 503.
HEARTBEAT_SECONDS = env_int("HEARTBEAT_SECONDS", 10)

# Rows in the database say what is due; a lost message is found by the sweep, so no result backend.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
# Without a limit: a worker that gives up on a broker that is away would be gone when it comes back.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A request that starts work does not wait for a broker that is away; the sweep asks again.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
# Two installations may share one broker, each with its own queues.
CELERY_TASK_DEFAULT_QUEUE = env_str("CELERY_QUEUE", "caravan")
CELERY_TASK_QUEUES = broker_queues(CELERY_TASK_DEFAULT_QUEUE, env_str("CELERY_QUEUE_TYPE", "classic"))
CELERY_TASK_ROUTES = task_routes(
    {
        "caravan.tasks.*": Queue.ENROL,
        "certificates.issuing.tasks.*": Queue.DOCUMENTS,
        "cms.tasks.deliver_messages": Queue.NOTIFY,
        "certificates.refreshers.tasks.*": Queue.NOTIFY,
        "cms.tasks.send_code": Queue.NOTIFY,
    },
    CELERY_TASK_DEFAULT_QUEUE,
)
# RabbitMQ and Redis both redeliver; a job longer than this would be started twice, so chunks stay short.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"visibility_timeout": 3600}
# Every entry may run twice at once (two beats) or be missed: what is due stands in the database.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "round-trip": {"task": "cms.tasks.note_round_trip", "schedule": float(HEARTBEAT_SECONDS)},
    "sweep-jobs": {"task": "cms.tasks.sweep_jobs", "schedule": 5.0},
    "sweep-job-items": {"task": "cms.tasks.sweep_job_items", "schedule": 3600.0},
    "expire-files": {"task": "cms.tasks.expire_files", "schedule": 3600.0},
    "discard-strays": {"task": "cms.tasks.discard_strays", "schedule": 3600.0},
    "erase-people": {"task": "cms.tasks.erase_people", "schedule": 3600.0},
    "forget-links": {"task": "cms.tasks.forget_links", "schedule": 86400.0},
    "discard-nameless-bytes": {"task": "cms.tasks.discard_nameless_bytes", "schedule": 86400.0},
    "expire-offers": {"task": "caravan.tasks.expire_offers", "schedule": 60.0},
    "end-notices": {"task": "certificates.subsidies.tasks.end_due_notices", "schedule": 600.0},
    "deliver-messages": {"task": "cms.tasks.deliver_messages", "schedule": 10.0},
    "remind-refreshers": {"task": "certificates.refreshers.tasks.queue_reminders", "schedule": 4 * 3600.0},
    "seal-audit": {"task": "cms.tasks.seal_audit", "schedule": 60.0},
    # Once a day over everything: what a very long transaction left behind the last minutes is found.
    "seal-audit-all": {"task": "cms.tasks.seal_audit", "schedule": 86_400.0, "kwargs": {"everything": True}},
    "forget-sign-ins": {"task": "cms.tasks.forget_sign_ins", "schedule": 3600.0},
    "sweep-certificates": {"task": "certificates.issuing.tasks.sweep_certificates", "schedule": 60.0},
}
# While no worker is there, such messages do not pile up. Two minutes: clocks of two machines differ.
for _entry in CELERY_BEAT_SCHEDULE.values():
    _entry["options"] = {"expires": max(120.0, _entry["schedule"])}
# A worker that has not been heard of for so long has lost its job.
JOB_LEASE_SECONDS = env_int("JOB_LEASE_SECONDS", 30)
# How each item of a job went is kept so long after its end; the figures stay.
JOB_ITEMS_KEEP_DAYS = env_int("JOB_ITEMS_KEEP_DAYS", 180)
# How long the bytes of a private file are kept, by its kind; a kind that is not named: for ever.
# Rosters: long enough to put wrong rows right and to answer questions; then the numbers are gone.
FILE_KEEP_DAYS = {
    "roster": 30, "import": 30, "import_errors": 30, "regions": 30, "my_data": 1, "export": 7
}  # fmt: skip
# An export with more rows is made in the background.
EXPORT_ROWS_AT_ONCE = env_int("EXPORT_ROWS_AT_ONCE", 5000)

_ADMIN_STYLE = "'unsafe-inline'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}
# Wagtail's editor sets style attributes; scripts stay as strict as elsewhere.
CONTENT_SECURITY_POLICY_ADMIN_STYLE = [SELF, _ADMIN_STYLE]

X_FRAME_OPTIONS = "SAMEORIGIN"
# Wagtail shows its previews of our pages in a frame of the same origin; others are refused.
SILENCED_SYSTEM_CHECKS = ["security.W019"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "cms.views.errors.csrf_failure"

# Lines for people on a desk; an office's settings turn to JSON. Both go to standard error.
LOG_LEVEL = env_str("LOG_LEVEL", "INFO")
LOGGING: dict[str, Any] = logging_config(env_str("LOG_FORMAT", "line"), LOG_LEVEL)

# Without a token only a program on this machine reads /metrics.
METRICS_TOKEN = env_secret_or_empty("METRICS_TOKEN")
BACKUP_PASSPHRASE = env_secret_or_empty("BACKUP_PASSPHRASE")
# A balancer asks the process itself, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]

DEBUG = env_bool("DEBUG", False)
SITE_TITLE = _("大篷车")

"""Django settings. Every value that a deployment may change comes from the environment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from csp.constants import NONCE, NONE, SELF

from config import installation
from config.host_apps import host_apps
from config.lib import data_dir, env
from config.telemetry import options
from workers.library import EXAMPLE_MODULES, READY_MODULES

BASE_DIR = installation.ROOT
DATA_DIR = env.folder("DATA_DIR", installation.data_folder())
data_dir.prepare(DATA_DIR)

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY") or data_dir.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")  # earlier ones; `manage.py reseal`
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_rq",
    "ninja",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "designer",
    "runs",
    "workers",
    "workers.connections",
    "workers.library",
    "workers.rehearsal",
    "config.accounts",
    "config.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFilesMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.accounts.sessions.SessionsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.LimitsMiddleware",
    "config.middleware.MethodsMiddleware",
    "axes.middleware.AxesMiddleware",
]

if options.TRACES:
    MIDDLEWARE.insert(0, "config.middleware.TraceparentMiddleware")

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.accounts.permissions.rights",
                "config.operations.context_processors.outage",
                "config.operations.context_processors.program",
                "config.operations.context_processors.waiting",
            ],
        },
    },
]

# Database: SQLite in DATA_DIR, unless DATABASE_URL is set.

POSTGRES_OPTIONS = {
    "connect_timeout": 10,
    # Bounds how long a host that is cut off or frozen keeps connections and locks of runs.
    "tcp_user_timeout": 20_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "prepare_threshold": 5,  # affects only hand-written statements: the ORM's are never prepared
    "options": "-c idle_in_transaction_session_timeout=20s -c lock_timeout=15s",
}
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def database() -> dict[str, Any]:
    parameters = env.database("DATABASE_URL")
    if parameters is None:
        parameters = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "db.sqlite3")}
    if parameters["ENGINE"].endswith("sqlite3"):
        return {**parameters, "OPTIONS": {**SQLITE_OPTIONS, **parameters.get("OPTIONS", {})}}
    # Under ASGI each request has a thread of its own, so a kept connection would leak with the thread.
    # Worker processes and the scheduler keep their connections by themselves.
    options = {**POSTGRES_OPTIONS, **parameters.get("OPTIONS", {})}
    return {**parameters, "OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": database()}

# A Django project beside the product, whose models workers use: its apps and its database

HOST_APPS = host_apps("HOST_APPS")  # by label
if HOST_APPS:
    DATABASES["host"] = env.other_database("HOST_DATABASE_URL", DATABASES["default"])
    DATABASE_ROUTERS = ["config.operations.projects.host_project.HostRouter"]
    MIGRATION_MODULES = dict.fromkeys(HOST_APPS)  # none: the project alone makes and runs its own
    INSTALLED_APPS += HOST_APPS.values()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: queues of hints and a pub/sub channel. The database alone holds the state.

REDIS_EMBEDDED = not env.redis_url("REDIS_URL")
REDIS_URL = env.redis_url("REDIS_URL") or data_dir.redis_url(DATA_DIR)
QUEUES = env.queues("QUEUES", ("default",))
RQ_QUEUES = {
    name: {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1, "DEFAULT_RESULT_TTL": 0, "SERIALIZER": "json"}
    for name in dict.fromkeys(["default", *QUEUES])
}
RQ = {"COMMIT_MODE": "auto"}
RQ_SHOW_ADMIN_LINK = False
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "sagaboard"},
    }
}

# Workers

WORKER_MODULES = env.modules("WORKER_MODULES")
# Whether the workers and workflows of examples are offered beside the ready-made workers.
EXAMPLES = env.flag("EXAMPLES", True)
WORKER_LIBRARY: list[str] = [*READY_MODULES, *(EXAMPLE_MODULES if EXAMPLES else ())]
# Functions that the worker `python_function` may call: dotted names, or `package.module:*`.
PYTHON_FUNCTIONS = env.functions("PYTHON_FUNCTIONS")
OUTPUT_BYTES_MAX = env.integer("OUTPUT_BYTES_MAX", 1_000_000, least=1_000, most=100_000_000)
ASYNC_STEPS = env.integer("ASYNC_STEPS", 256, least=1, most=10_000)  # at a time, in each worker process
HTTP_PRIVATE_NETWORKS = env.networks("HTTP_PRIVATE_NETWORKS")  # that requests of workflows may reach
# Connections that rehearsals may use, each with the address that it has there.
REHEARSAL_ADDRESSES = env.addresses("REHEARSAL_ADDRESSES")
STOP_GRACE_S = env.integer("STOP_GRACE_S", 30, least=0, most=3_600)

# Limits: requests a minute and user (by IP address: sign-in and anonymous), bytes of a request, open sockets

LIMITS = {
    "calls": env.integer("CALLS_PER_MINUTE", 12_000, least=10, most=10_000_000),
    "starts": env.integer("STARTS_PER_MINUTE", 6_000, least=1, most=10_000_000),
    "hooks": env.integer("HOOKS_PER_MINUTE", 6_000, least=1, most=10_000_000),
    "sign_in": env.integer("SIGN_INS_PER_MINUTE", 60, least=1, most=10_000_000),
}
# Larger than what pages and API accept, so that usually they refuse, and name their own limit.
BODY_BYTES_MAX = DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer(
    "BODY_BYTES_MAX", 16_000_000, least=100_000, most=1_000_000_000
)
# Whether the web process makes calls whose cost people decide in processes of their own (`config.lib.apart`).
CALLS_APART = env.flag("CALLS_APART", True)
# Whether shipped workers obey `simulate` in the input of any run; in trials of drafts they always do.
SIMULATE_FAULTS = env.flag("SIMULATE_FAULTS", False)
SOCKETS_PER_PERSON = env.integer("SOCKETS_PER_PERSON", 1_000, least=1, most=100_000)  # in each web process

# Ended runs

EVENTS_KEPT_HOURS = env.integer("EVENTS_KEPT_HOURS", 24, least=0, most=8_760)  # 0: only while they are taken
RETENTION_DAYS = env.integer("RETENTION_DAYS", 0, least=0, most=36_500)  # 0: for ever
TRIAL_RETENTION_DAYS = env.integer("TRIAL_RETENTION_DAYS", 7, least=0, most=36_500)  # 0: like other runs

# Accounts

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = env.integer("SIGN_IN_TRIES", 8, least=1, most=1_000)
AXES_COOLOFF_TIME = timedelta(minutes=env.integer("LOCK_OUT_MINUTES", 15, least=1, most=10_000))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # nobody can lock out users elsewhere
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "config.accounts.rate_limits.client_ip"
AXES_LOCKOUT_CALLABLE = "config.accounts.first_user.locked_out"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "old_password",
    "new_password1",
    "new_password2",
    "code",
]  # never kept
AXES_VERBOSE = False
PASSWORD_RESET_TIMEOUT = 3_600
REQUIRE_TOTP = env.flag("REQUIRE_TOTP", False)  # of operators and admins
OTP_TOTP_ISSUER = "Sagaboard"
SESSION_AGE_MAX_S = 3_600 * env.integer("SESSION_HOURS", 168, least=1, most=8_760)
SESSION_COOKIE_AGE = min(  # from the last use on
    SESSION_AGE_MAX_S, 60 * env.integer("SESSION_IDLE_MINUTES", 720, least=2, most=525_600)
)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # the canvas and the live pages send it in a header
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]

# Mail: sent by the server at EMAIL_URL, else written to the log of the sending process

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", "sagaboard@localhost")
globals().update(env.email("EMAIL_URL"))
SITE_URL = env.site("SITE_URL")  # where links in mails lead

# Security headers and cookies

HTTPS = env.flag("HTTPS", False)
SESSION_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("HSTS_SUBDOMAINS", False)
# HSTS for subdomains is right only for the owner of the whole domain, so the checks for it are silenced.
SILENCED_SYSTEM_CHECKS = [] if SECURE_HSTS_INCLUDE_SUBDOMAINS else ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Static files, served by the application itself

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
DOCS_SITE = BASE_DIR / "static" / "docs"  # built by `make docs`, served at /docs/
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"/assets/.+-[0-9A-Za-z_-]{8}\.[a-z0-9]+$"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "config.telemetry.logs.JsonFormatter"},
    },
    "filters": {
        "no_traceback": {"()": "config.log_repeats.NoTraceback"},
        "no_repeats": {"()": "config.log_repeats.NoRepeats"},
        "no_addresses": {"()": "config.log_addresses.NoAddresses"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if options.JSON_LOGS else "line",
            "filters": ["no_addresses", "no_repeats"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"filters": ["no_addresses"]},
        "django.security.DisallowedHost": {"filters": ["no_traceback"]},  # strangers ask for any name
        "daphne": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},  # it logs addresses, which may hold keys
        "httpcore2": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "rq": {"level": "WARNING"},
        "rq.worker": {"level": "WARNING"},
        "rq.job": {"level": "WARNING"},
    },
}

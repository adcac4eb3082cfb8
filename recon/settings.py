"""Every setting, read once from the environment by typed readers; any NAME from a file, where NAME_FILE names one.

With DATABASE_URL in the environment, everything comes from the environment. Without it the embedded default is meant:
the values that `manage.py demo` left in var/sandbox.env stand in for whatever the environment does not set.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from environs import validate
from kombu import Queue

from recon.environment import Environment, names_postgresql
from recon.silence import broker_options, guarded

BASE_DIR: Final = Path(__file__).resolve().parent.parent
VERSION: Final[str] = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

env = Environment()
# True when nobody named a database: commands then start, or attach to, the sandbox under SANDBOX_DIR.
EMBEDDED: Final[bool] = bool(env.str("RECON_SANDBOX", "")) or not env.str("DATABASE_URL", "")
SANDBOX_DIR: Final = env.path("RECON_SANDBOX", BASE_DIR / "var")
if EMBEDDED:
    env.read_env(SANDBOX_DIR / "sandbox.env", recurse=False, override=False)

# ---- Core
DEFAULT_SECRET_KEY: Final = "insecure-default-key-that-check-deploy-refuses"
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", DEFAULT_SECRET_KEY)
# Former ones, by commas, while it changes: what was signed with them still counts.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# Distinguishes several installations on the same stores: it is part of every prepared transaction's name.
RECON_INSTANCE = env.str("RECON_INSTANCE", "recon")

INSTALLED_APPS = [
    "recon",
    "inspector",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "axes",
]
MIDDLEWARE = [
    "inspector.request_id.request_id_middleware",
    "inspector.content_policy.ContentPolicy",  # before what may refuse: a refused host's answer holds it too
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "inspector.sessions.NoStore",
    "inspector.api.direct.programs_first",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "inspector.sessions.Gate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "inspector.pages.errors.not_allowed_middleware",
]
ROOT_URLCONF = "inspector.urls"
WSGI_APPLICATION = "inspector.wsgi.application"
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
                "inspector.rendering.version",
            ]
        },
    }
]

# ---- Our database, and the five stores. The stores are plain psycopg connections: Django's wrapper cannot prepare.
# Before the first `demo` there is no embedded database: the port says so at once instead of finding a stranger's.
DATABASE_URL = env.str("DATABASE_URL", "", validate=names_postgresql) or "postgres://recon@127.0.0.1:1/recon"
# After so many seconds without a sign of the other end a connection is given up, here and at the servers: so long a
# host that was cut off keeps its locks. 0 leaves it to the systems (behind a pooler that knows no `options`, say).
NETWORK_SILENCE_SECONDS = env.int("NETWORK_SILENCE_SECONDS", 20)
# And a process that is frozen, whose system still answers for it, keeps them for so long.
IDLE_IN_TRANSACTION_SECONDS = env.int("IDLE_IN_TRANSACTION_SECONDS", 60)
# Kept between requests and tasks: a new connection costs a task more than most of its statements.
DATABASES = {
    "default": dj_database_url.parse(
        guarded(
            DATABASE_URL,
            NETWORK_SILENCE_SECONDS,
            idle_in_transaction_session_timeout=f"{IDLE_IN_TRANSACTION_SECONDS}s",
        ),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
# Statements of the intake are prepared at their fifth time. Off behind a pooler that cannot keep them.
if env.bool("DATABASE_PREPARES", True):
    DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
# How long a migration waits for a lock, with the application behind it, and how long its statements may hold one.
MIGRATION_LOCK_SECONDS = env.float("MIGRATION_LOCK_SECONDS", 5)
MIGRATION_STATEMENT_SECONDS = env.float("MIGRATION_STATEMENT_SECONDS", 60)
STORES: dict[str, str] = {
    "subs_account": env.str("SUBS_ACCOUNT_URL", ""),
    "subs_customer": env.str("SUBS_CUSTOMER_URL", ""),
    "subs_dunning": env.str("SUBS_DUNNING_URL", ""),
    "billing_prod": env.str("BILLING_PROD_URL", ""),
    "cf_prod": env.str("CF_PROD_URL", ""),
}
STORES = {store: guarded(url, NETWORK_SILENCE_SECONDS) for store, url in STORES.items()}
# A physical standby of each, to read from; unset: the store itself is read. One that is further behind is passed over.
STORE_REPLICAS: dict[str, str] = {
    store: guarded(env.str(f"{store.upper()}_REPLICA_URL", ""), NETWORK_SILENCE_SECONDS) for store in STORES
}
REPLICA_LAG_SECONDS = env.int("REPLICA_LAG_SECONDS", 300)
# Of the time that a sweep reads in a store's own database, it asks it for this much, and leaves it alone for the rest.
STORE_SHARE = env.float("STORE_SHARE", 1.0, validate=validate.Range(0, 1, min_inclusive=False))
# What drifts since a sweep may be a change that is still on its way through the stores: it is read again after so long,
# live, before it counts as drift. 0 counts it at once.
SUSPECT_SECONDS = env.float("SUSPECT_SECONDS", 10.0, validate=validate.Range(min=0))
# Where the five's tables and columns are (a TOML file, as the README says); unset: as the reference schema has them.
STORE_MAPPING: Path | None = env.path("STORE_MAPPING", None) if env.str("STORE_MAPPING", "") else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- Stripe. STRIPE_API_BASE empty means Stripe itself; the sandbox names its twin.
STRIPE_API_KEY = env.str("STRIPE_API_KEY", "")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "")
STRIPE_LIVEMODE = env.bool("STRIPE_LIVEMODE", False)
# Several, by commas, while a secret is being changed. Without one no webhook is accepted.
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", "")
STRIPE_WEBHOOK_SECRETS = tuple(secret.strip() for secret in STRIPE_WEBHOOK_SECRET.split(",") if secret.strip())
# Whose events mark accounts besides our own: `acct_…` of Stripe Connect. Events of others are kept and ignored.
STRIPE_CONNECTED_ACCOUNTS: list[str] = env.list("STRIPE_CONNECTED_ACCOUNTS", [])
WEBHOOK_MOST_BYTES = env.int("WEBHOOK_MOST_BYTES", 256 * 1024)

# ---- What the five stores' owners send us: store → its secrets, as {"billing_prod": ["…"]}; several while one changes.
STORE_EVENT_SECRETS: Any = env.json("STORE_EVENT_SECRETS", {})  # `check --deploy` looks at its shape
STORE_EVENTS_MOST_BYTES = env.int("STORE_EVENTS_MOST_BYTES", 512 * 1024)
# Who may read the feed of our own events: secrets, by commas; several while one changes. Without one nobody may.
EVENT_FEED_SECRETS_TEXT = env.str("EVENT_FEED_SECRETS", "")
EVENT_FEED_SECRETS = tuple(secret.strip() for secret in EVENT_FEED_SECRETS_TEXT.split(",") if secret.strip())
# What filling the mirror may take of Stripe's limit (100 requests a second, 25 in test mode); a twin has none.
STRIPE_REQUESTS_PER_SECOND = env.float(
    "STRIPE_REQUESTS_PER_SECOND", 1_000 if STRIPE_API_BASE else 80 if STRIPE_LIVEMODE else 20
)

# ---- The rules' numbers, as the `policy` of a case: what is left out has the contract's default.
POLICY: Any = env.json("RECON_POLICY", {})  # Policy.from_json checks it

# ---- The audit: what signs its checkpoints (a key that is never in the database), and where they go besides the log.
AUDIT_KEY = env.str("AUDIT_KEY", SECRET_KEY)
# Former ones, by commas: as long as checkpoints are kept that were signed with them.
AUDIT_KEY_FALLBACKS: list[str] = env.list(
    "AUDIT_KEY_FALLBACKS", SECRET_KEY_FALLBACKS if AUDIT_KEY == SECRET_KEY else []
)
AUDIT_CHECKPOINTS: Path | None = env.path("AUDIT_CHECKPOINTS", SANDBOX_DIR / "audit-checkpoints" if EMBEDDED else None)

# ---- How many days are kept (recon/actions/retention.py): what the stores said and what was made of it, events told.
SNAPSHOT_DAYS = env.int("SNAPSHOT_DAYS", 90, validate=validate.Range(min=7))
EVENT_DAYS = env.int("EVENT_DAYS", 90, validate=validate.Range(min=1))
# About so many events stay in the stream, the newest; the feed has all that are kept.
EVENT_STREAM_MAXLEN = env.int("EVENT_STREAM_MAXLEN", 100_000)
# Events received: a sender may send one again for 30 days, and it is known again only while it is kept.
INBOX_DAYS = env.int("INBOX_DAYS", 90, validate=validate.Range(min=1))
# Who looked at whom.
LOOK_UP_DAYS = env.int("LOOK_UP_DAYS", 180, validate=validate.Range(min=1))
# The drift's course: each change, and each count. The home page looks 30 days back; later a day has one count.
COURSE_DAYS = env.int("COURSE_DAYS", 400, validate=validate.Range(min=31))
COURSE_POINT_DAYS = env.int("COURSE_POINT_DAYS", 40, validate=validate.Range(min=31))
# Sweeps and fillings of the mirror; the lists of accounts that a sweep was cut into, which are most of it.
RUN_DAYS = env.int("RUN_DAYS", 90, validate=validate.Range(min=7))
SWEEP_CHUNK_DAYS = env.int("SWEEP_CHUNK_DAYS", 3, validate=validate.Range(min=1))
# Bulk repairs that nobody started.
DRAFT_DAYS = env.int("DRAFT_DAYS", 30, validate=validate.Range(min=1))

# ---- Bulk repairs: how many accounts one may hold, and how many of them are with the workers at once.
BULK_MOST_ACCOUNTS = env.int("BULK_MOST_ACCOUNTS", 10_000, validate=validate.Range(min=1))
BULK_AT_ONCE = env.int("BULK_AT_ONCE", 32, validate=validate.Range(min=1))
# What runs of Stripe proposals may take of Stripe's limit, in requests; a proposal is about eight. A twin has no limit.
BULK_STRIPE_PER_SECOND = env.float("BULK_STRIPE_PER_SECOND", 1_000 if STRIPE_API_BASE else 20 if STRIPE_LIVEMODE else 5)

# ---- Celery: wakes work that the database remembers, so nothing is kept there.
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "global_keyprefix": f"{RECON_INSTANCE}:",
    "queue_order_strategy": "priority",  # the queues in the order in which they stand below
    **broker_options(NETWORK_SILENCE_SECONDS),
}
# What happens now goes ahead of what is done in bulk: a worker that is free looks at the first queue first.
CELERY_TASK_DEFAULT_QUEUE = "now"
CELERY_TASK_QUEUES = [Queue("now"), Queue("bulk")]
CELERY_TASK_ROUTES = {
    f"recon.{task}": {"queue": "bulk"}
    for task in (
        "sweep",
        "sweep_chunk",
        "sync_stripe",
        "bulk_items",
        "keep_shadow",
        "preview_policy_chunk",
        "prune",
        "verify_audit",
    )
}
CELERY_TIMEZONE = "UTC"
# What a worker, beat or `listen` touches while it does its work: `python -m recon.heartbeat` asks for it.
HEARTBEAT: Path | None = env.path("HEARTBEAT") if env.str("HEARTBEAT", "") else None

# ---- Language and time
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# ---- Static files
STATIC_URL = "static/"
# Where collectstatic puts them, and the web finds them.
STATIC_ROOT = None if EMBEDDED else env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Without a collectstatic (the embedded default) whitenoise serves static/ itself.
WHITENOISE_USE_FINDERS = EMBEDDED
if not EMBEDDED:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# ---- Logins. The demo's names and passwords are shown on its login page, as `name:password`.
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
DEMO_LOGINS: list[str] = env.list("DEMO_LOGINS", []) if EMBEDDED else []
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("UserAttributeSimilarityValidator", {"max_similarity": 0.5}),
        ("NumericPasswordValidator", {}),
    )
]
# Wrong passwords: so many by person at an address, and by address; then the door is shut for a while.
AXES_HANDLER = "inspector.throttle.LoginThrottle"
AXES_FAILURE_LIMIT = env.int("LOGIN_TRIES", 10, validate=validate.Range(min=1))
LOGIN_TRIES_PER_ADDRESS = env.int("LOGIN_TRIES_PER_ADDRESS", 30, validate=validate.Range(min=1))
AXES_COOLOFF_TIME = timedelta(seconds=env.int("LOGIN_COOL_OFF_SECONDS", 15 * 60))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "inspector.pages.login.locked_out"
AXES_USERNAME_CALLABLE = "inspector.throttle.name_digest"
AXES_CLIENT_IP_CALLABLE = "inspector.throttle.client_address"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# Proxies of ours between the world and us: whom the outermost saw is who speaks. Its X-Forwarded-For is believed.
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", False)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 1 if BEHIND_TLS_PROXY else 0, validate=validate.Range(min=0))

# ---- Login by an OpenID provider: on when OIDC_ISSUER names one. A second factor is its affair.
OIDC_ISSUER = env.str("OIDC_ISSUER", "")
OIDC_NAME = env.str("OIDC_NAME", "single sign-on")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
OIDC_SCOPES = env.str("OIDC_SCOPES", "openid profile")
# Who somebody is: a claim that the provider gives to nobody else later. `sub` is that by contract.
OIDC_USERNAME_CLAIM = env.str("OIDC_USERNAME_CLAIM", "sub")
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", "groups")
OIDC_GROUP_MAP: Any = env.json("OIDC_GROUP_MAP", {})  # the provider's group → our role
LOCAL_LOGINS = env.bool("LOCAL_LOGINS", True)  # names and passwords of our own; off, their sessions end too
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    *(["django.contrib.auth.backends.ModelBackend"] if LOCAL_LOGINS else []),
    *(["inspector.openid.OpenIdBackend"] if OIDC_ISSUER else []),
]

# ---- Sessions, cookies, headers. The embedded default speaks plain HTTP on the loopback.
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", 12 * 3600)  # from the login on, however much it is used
IDLE_SECONDS = env.int("IDLE_SECONDS", 30 * 60)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not EMBEDDED
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if not EMBEDDED:  # a browser takes such a name only from this very host, over TLS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_FAILURE_VIEW = "inspector.pages.errors.forged"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", not EMBEDDED)
SECURE_HSTS_SECONDS = 0 if EMBEDDED else env.int("SECURE_HSTS_SECONDS", 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not EMBEDDED
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# ---- The API: how many calls one token may make in a minute; what may be used is asked far more often than the rest.
API_CALLS_PER_MINUTE = {
    "calls": env.int("API_CALLS_PER_MINUTE", 1_200),
    "entitlements": env.int("API_ENTITLEMENTS_PER_MINUTE", 120_000),
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["inspector.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["inspector.api.scopes.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["inspector.api.throttle.TokenRate"],
    "EXCEPTION_HANDLER": "inspector.api.answers.problem_of",
    "DEFAULT_SCHEMA_CLASS": "inspector.api.schema.ApiSchema",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}

# ---- The schema of the API, at /api/schema/.
SPECTACULAR_SETTINGS = {
    "TITLE": "Recompute engine",
    "DESCRIPTION": "What six billing stores say of an account, what is true, and the repair that makes them agree."
    " Amounts are minor units beside their currency; times are RFC 3339 in UTC.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "PREPROCESSING_HOOKS": ["inspector.api.schema.add_others"],
    "POSTPROCESSING_HOOKS": ["inspector.api.schema.tidy"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token that an admin made; its scopes say what for.",
            },
            "storeSecret": {"type": "http", "scheme": "bearer", "description": "A secret of the store's owner."},
            "stripeSignature": {"type": "apiKey", "in": "header", "name": "Stripe-Signature"},
        }
    },
}

# ---- Logs: constant messages with keys, ids only; an object of JSON a line, or text for people.
LOG_FORMAT = env.str("LOG_FORMAT", "text" if EMBEDDED else "json", validate=validate.OneOf(["json", "text"]))
LOG_LEVEL = env.str("LOG_LEVEL", "WARNING", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]))
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "recon.log_lines.RequestIdFilter"}},
    "formatters": {
        "text": {
            "()": "recon.log_lines.ScrubbedLines",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
        "json": {"()": "recon.log_lines.JsonLines"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]}},
    # Below these the client tells of each request, with the ids in it, and the exporter of each time it tries again.
    "loggers": {"stripe": {"level": "WARNING"}, "opentelemetry": {"level": "ERROR"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}

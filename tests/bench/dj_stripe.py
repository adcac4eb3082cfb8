"""The webhook endpoint of dj-stripe as it comes, in a Django without middleware that keeps its connections.

It runs in an environment of its own (`dj_stripe_server.py`). There `python -m tests.bench.dj_stripe` makes its tables
and registers the endpoint, and granian serves `application`.
"""

import os

import dj_database_url
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

from tests.bench.dj_stripe_server import PATH

OWNER = "acct_bench"
APPS = ("django.contrib.contenttypes", "django.contrib.auth", "djstripe")

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["PEER_DATABASE_URL"], conn_max_age=60)},
    INSTALLED_APPS=APPS,
    # Its tables as its models are: the migrations of all its years take a minute.
    MIGRATION_MODULES=dict.fromkeys(name.rpartition(".")[2] for name in APPS),
    MIDDLEWARE=[],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    STRIPE_API_HOST=os.environ["STRIPE_API_BASE"],
    STRIPE_TEST_SECRET_KEY=os.environ["STRIPE_API_KEY"],
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
)
application = get_wsgi_application()
urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]


def prepare() -> None:
    """Its tables; then what a person sets up: the account, its key, and the endpoint with its secret."""
    from djstripe.models import Account, APIKey, WebhookEndpoint  # models exist once Django is set up

    call_command("migrate", run_syncdb=True, verbosity=0)
    account = Account.objects.create(id=OWNER, livemode=False)
    key, _ = APIKey.objects.get_or_create_by_api_key(os.environ["STRIPE_API_KEY"])
    key.djstripe_owner_account = account
    key.save()
    WebhookEndpoint.objects.create(
        id="we_bench",
        livemode=False,
        djstripe_owner_account=account,
        enabled_events=["*"],
        secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        status="enabled",
        url="https://localhost/",
        djstripe_uuid=PATH.rstrip("/").rpartition("/")[2],
    )


if __name__ == "__main__":
    prepare()

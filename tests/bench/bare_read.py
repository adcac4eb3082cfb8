"""What a read costs at the least: a Django without middleware that finds one row by its key, and answers with it.

`granian tests.bench.bare_read:application`, with DATABASE_URL in its environment. It asks nobody who they are.
"""

import os

import dj_database_url
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

READ = "select account_id, state, is_known, evaluated_at from account_state where account_id = %s"


def read(request: HttpRequest, account_id: str) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(READ, [account_id])
        found, state, is_known, evaluated_at = cursor.fetchone()
    return JsonResponse({"account_id": found, "state": state, "is_known": is_known, "evaluated_at": evaluated_at})


urlpatterns = [path("<str:account_id>/entitlement/", read)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)},
    MIDDLEWARE=[],
    USE_TZ=True,
)
application = get_wsgi_application()

"""`GET /api/schema/`: the schema, for whoever has a token of any scope, or is logged in."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from inspector.access import for_signed
from inspector.api.answers import SEND_A_TOKEN
from inspector.api.bearer import given_secret, not_authenticated
from inspector.api.problems import asked
from inspector.api.reads import with_etag
from inspector.schema import schema
from inspector.sessions import end_when_due
from recon.actions.use_token import use_token

MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.1"


@for_signed
@asked
def api_schema(request: HttpRequest) -> HttpResponse:
    end_when_due(request)
    given = given_secret(request).decode(errors="replace")
    if not request.user.is_authenticated and use_token(given, now=timezone.now()) is None:
        raise not_authenticated(SEND_A_TOKEN)
    answer = with_etag(request, schema())
    if answer.status_code == 200:
        answer["Content-Type"] = MEDIA_TYPE
    answer["Vary"] = "Authorization, Cookie"
    return answer

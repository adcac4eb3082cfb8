"""`POST accounts/{id}/recompute/`: read the six stores now, and say what the rules make of them."""

from rest_framework.request import Request
from rest_framework.response import Response

from inspector.api.bodies import Body
from inspector.api.idempotency import once
from inspector.api.known import known_answer
from inspector.api.token_view import TokenView
from inspector.look_log import log_look
from recon.actions.look_again import look_again
from recon.actors import Scope


class NoBody(Body):
    """Nothing is said but whose account it is."""


class Recompute(TokenView):
    """Nothing is written to any store."""

    scopes = {"POST": Scope.READ}

    @once
    def post(self, request: Request, account_id: str) -> Response:
        self.given(NoBody, request)
        known_answer(account_id)
        look_again(account_id, actor=request.user.actor)
        log_look(request, account_id, by="api_account")
        return Response(known_answer(account_id))

"""What a browser may load and run: the settings' policy, in every answer that does not bring one of its own."""

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicy(CSPMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The parent makes the policy of each answer anew, also where it then does not set it."""
        if HEADER in response:
            return response
        answer: HttpResponseBase = super().process_response(request, response)
        return answer

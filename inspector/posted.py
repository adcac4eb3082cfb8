"""What a form sent."""

from django.http import HttpRequest

from recon.words import storable


def text_of(request: HttpRequest, name: str, most: int | None = None) -> str:
    """A field's text, at most so many characters; empty where it was not sent."""
    return storable(request.POST.get(name, ""), most)

"""The WSGI application of a campaign."""

from inspector.wsgi import application
from tests.chaos.hurry import app

__all__ = ["app", "application"]

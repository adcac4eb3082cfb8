"""The WSGI application that granian serves; with DEBUG, or a key that everybody knows, it serves nobody."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")

application = get_wsgi_application()

from recon.checks import refuse_known_secrets  # noqa: E402 # it asks for models, which are there only now

refuse_known_secrets()

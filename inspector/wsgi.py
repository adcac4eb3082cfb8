"""The WSGI application that granian serves; with DEBUG, a key that everybody knows, a policy or a store mapping that is
none, or a database that is not migrated, it serves nobody."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")

application = get_wsgi_application()

from recon.checks import refuse_known_secrets  # noqa: E402 # it asks for models, which are there only now
from recon.mapping_checks import refuse_wrong_mapping  # noqa: E402 # as above
from recon.migrated import refuse_unmigrated  # noqa: E402 # as above
from recon.setting_checks import refuse_wrong_settings  # noqa: E402 # as above

refuse_known_secrets()
refuse_wrong_settings()
refuse_wrong_mapping()
refuse_unmigrated()

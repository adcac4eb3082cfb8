"""The engine as a Django app: its tables, its system checks, and who hears that events were told."""

import logging

from django.apps import AppConfig


class ReconConfig(AppConfig):
    name = "recon"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Needs loaded settings and models."""
        # They register the system checks, and what holds a worker back.
        from recon import checks, migrated, restore_checks, setting_checks  # noqa: F401
        from recon.actions.publish_events import publish_soon
        from recon.apply.tell import told

        logging.captureWarnings(True)  # a warning is a line as any other
        told.connect(publish_soon, dispatch_uid="publish events")

"""The engine as a Django app: its tables and its system checks."""

from django.apps import AppConfig


class ReconConfig(AppConfig):
    name = "recon"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from recon import checks  # noqa: F401  registers the system checks; needs loaded settings

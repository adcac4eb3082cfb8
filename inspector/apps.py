"""The pages as a Django app; it has no tables."""

from django.apps import AppConfig


class InspectorConfig(AppConfig):
    name = "inspector"

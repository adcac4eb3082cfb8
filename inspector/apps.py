"""The pages as a Django app; it has no tables."""

from django.apps import AppConfig
from django.urls import register_converter

from inspector.addresses import AccountId


class InspectorConfig(AppConfig):
    name = "inspector"

    def ready(self) -> None:
        register_converter(AccountId, "account")

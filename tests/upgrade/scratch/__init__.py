"""Migrations of no release: what `manage.py migrate` is tried with."""

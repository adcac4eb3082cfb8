#!/usr/bin/env python
"""The terminal's way in: `manage.py demo` first, `manage.py help` for the rest."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from environs import EnvError

    from recon.under_way import known

    try:
        _ = settings.DATABASES  # they are read here: what is wrong with one is a sentence
    except (EnvError, ImproperlyConfigured) as error:
        sys.exit(str(error))

    if sys.argv[1:] == ["--version"]:  # Django would tell its own
        from recon.settings import VERSION

        sys.stdout.write(f"{VERSION}\n")
    else:
        with known(command="".join(sys.argv[1:2])):
            execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

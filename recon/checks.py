"""`manage.py check --database default` and `check --deploy`: each message says what, where, and what to do."""

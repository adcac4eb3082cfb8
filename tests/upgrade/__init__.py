"""What a new release does to a database that an older one leaves: while the older one still serves, and after it."""

"""The way in for programs: real bodies through the real address, into the real database."""

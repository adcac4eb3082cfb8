"""What can go wrong in the sandbox, in a sentence: what, where, what to do."""


class SandboxError(RuntimeError):
    """The embedded servers cannot be started, found or used."""

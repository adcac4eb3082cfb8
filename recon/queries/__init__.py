"""What you can ask: frozen values out of our own tables, never a store."""

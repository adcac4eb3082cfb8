"""One file a page: parse the request, ask queries or one action, hand the answer to display, render."""

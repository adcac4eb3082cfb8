"""Pages over the engine, the outermost ring: read `urls.py`, then `pages/`, then `display/`.

A page parses the request, asks `recon.queries` or `recon.actions`, hands the answer to `display/`, and renders.
`access.py` alone decides who may look, approve and apply.
"""

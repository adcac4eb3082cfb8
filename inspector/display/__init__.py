"""Values into words, before any template sees them; templates hold no logic beyond if, for, include and url.

`words` names closed sets, `money` and `moments` write amounts and times; `matrix`, `facts`, `plan`, `verdict` and
`drift` each make one part of a page as frozen values.
"""

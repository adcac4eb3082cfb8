"""The pure engine: facts in, plan out. No clock, no I/O, no Django; the standard library only.

Read in this order: `pipeline` (the whole flow on one screen), `facts` (what the six stores say), `rules` (T0 to T17,
one file per group), `truth` (what is so, and why), `drift` (stored against true), `plan` (the smallest set of writes).
`case` and `answer` are the JSON of a case and of its answer; `schema` is the reference schema of the stores.
"""

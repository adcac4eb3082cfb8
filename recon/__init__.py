"""The recompute engine: six stores say what they say about an account, one pure function says what is true.

The data's way, which is also the order in which to read:

    stores/   read   six stores -> Reading        what each store said, at which moment
    engine/   facts  Readings -> Facts            typed, frozen, nothing outside is asked again
    engine/   truth  Facts, policy, now -> Truth  rules T0-T17, each field with its Reason
    engine/   drift  stored against true          cells that differ, and the classes K1-K4 they make
    engine/   plan   the fewest writes            risk, digest, Stripe proposals
    apply/    all or none over five databases and Stripe: lock, re-read, same digest, prepare, decide, commit
    models/   what we keep: snapshots, evaluations, repairs, audit, outbox (audit and events in the deciding commit)

`actions` and `queries` are the verbs and questions on top, `tasks` and `management/commands` the ways in, and
`sandbox` is all six stores in a box for the demo and the tests.
"""

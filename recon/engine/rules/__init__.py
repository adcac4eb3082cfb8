"""The rules of the contract, T0 to T17, one file per group, in the order in which they are read.

`reading` T0 · `identity` T1 · `payments` T2 and T14 · `invoices` T3 to T7 · `ladder` T8 to T10 · `subscription` T11 and
T12 · `entitlement` T13 · `projection` T15 · `clock` T17. The write gate, T16, is in `plan`.
"""

-- billing_prod: the ledger. No foreign keys: rows of a ledger arrive in any order, and one that points nowhere is to be seen.
CREATE TABLE invoices (
    invoice_id text PRIMARY KEY,
    account_id text NOT NULL,
    stripe_invoice_id text UNIQUE,
    status text NOT NULL,                              -- draft, issued, void
    currency text NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    issued_at timestamptz,
    due_at timestamptz,
    period_start timestamptz,
    period_end timestamptz
);
CREATE INDEX ON invoices (account_id);

CREATE TABLE payments (
    payment_id text PRIMARY KEY,
    account_id text NOT NULL,
    invoice_id text,
    rail text NOT NULL,                                -- stripe, offline
    method text NOT NULL,                              -- card, bank_debit, wire, check, other
    processor_ref text UNIQUE,
    status text NOT NULL,                              -- pending, settled, failed
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX ON payments (account_id);
CREATE INDEX ON payments (invoice_id) WHERE invoice_id IS NOT NULL;

CREATE TABLE adjustments (
    adjustment_id text PRIMARY KEY,
    invoice_id text NOT NULL,
    payment_id text,
    kind text NOT NULL,                                -- credit_note, refund, reversal, reversal_undone, write_off
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    effective_at timestamptz NOT NULL,
    approved_by text,
    CHECK (kind <> 'write_off' OR approved_by IS NOT NULL)
);
CREATE INDEX ON adjustments (invoice_id);
CREATE INDEX ON adjustments (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE contracts (
    account_id text PRIMARY KEY,
    segment text NOT NULL,                             -- INTENT self_serve, contract, internal
    plan_code text,                                    -- INTENT
    net_days integer,                                  -- INTENT
    starts_at timestamptz,                             -- INTENT
    ends_at timestamptz                                -- INTENT
);

CREATE TABLE account_flags (
    account_id text PRIMARY KEY,
    has_debt boolean NOT NULL DEFAULT false,           -- DERIVED
    in_bad_debt boolean NOT NULL DEFAULT false,        -- DERIVED
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

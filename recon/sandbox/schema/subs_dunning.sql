-- subs_dunning: the state of debt, the balances behind it, and what people decided about it.
CREATE TABLE dunning (
    account_id text PRIMARY KEY,
    state text NOT NULL DEFAULT 'clear',               -- DERIVED
    raw_state text NOT NULL DEFAULT 'clear',           -- DERIVED
    has_debt boolean NOT NULL DEFAULT false,           -- DERIVED
    is_bad_debt boolean NOT NULL DEFAULT false,        -- DERIVED
    oldest_due_at timestamptz,                         -- DERIVED
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE balances (
    account_id text,
    currency text,
    collectible_minor bigint NOT NULL DEFAULT 0,       -- DERIVED
    written_off_minor bigint NOT NULL DEFAULT 0,       -- DERIVED
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, currency)
);

CREATE TABLE intents (
    intent_id text PRIMARY KEY,
    account_id text NOT NULL,
    kind text NOT NULL,                                -- INTENT enforcement_off, promise_to_pay, approve_escalation, comp_plan
    plan_code text,                                    -- INTENT
    until timestamptz,                                 -- INTENT
    reason text,                                       -- INTENT
    created_by text                                    -- INTENT
);
CREATE INDEX ON intents (account_id);

-- cf_prod: what the product lets the account do. A block belongs to its reason's owner; only billing_debt is ours.
CREATE TABLE entitlements (
    account_id text PRIMARY KEY,
    plan_active boolean NOT NULL DEFAULT false,        -- DERIVED
    effective_plan text DEFAULT 'free',                -- DERIVED
    restricted boolean NOT NULL DEFAULT false,         -- DERIVED
    suspended boolean NOT NULL DEFAULT false,          -- DERIVED
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE blocks (
    account_id text,
    reason text,                                       -- billing_debt (DERIVED), abuse, legal, ops (FACT)
    level text NOT NULL,                               -- restrict, suspend
    since timestamptz NOT NULL DEFAULT now(),
    set_by text,
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, reason)
);

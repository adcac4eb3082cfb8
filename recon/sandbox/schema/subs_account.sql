-- subs_account: is the account open, what may it use, how does its bill stand. Ids and enums are text: what another
-- system writes there is its own affair, and a value that nobody knows must be seen, not refused.
CREATE TABLE accounts (
    account_id text PRIMARY KEY,
    status text NOT NULL,                              -- FACT open, closed
    closed_at timestamptz,                             -- FACT
    plan_code text DEFAULT 'free',                     -- DERIVED
    primary_subscription_id text,                      -- DERIVED
    payment_status text NOT NULL DEFAULT 'none',       -- DERIVED none .. written_off
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

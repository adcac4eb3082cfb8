-- subs_customer: who the customer is, and which Stripe customers are theirs.
CREATE TABLE customers (
    account_id text PRIMARY KEY,
    stripe_customer_id text,                           -- FACT; not unique: two rows that claim one is a finding (K6)
    email text,                                        -- FACT
    name text,                                         -- FACT
    merged_into text,                                  -- FACT
    has_payment_method boolean NOT NULL DEFAULT false, -- DERIVED
    delinquent boolean NOT NULL DEFAULT false,         -- DERIVED
    has_no_successful_payment boolean NOT NULL DEFAULT true, -- DERIVED
    row_version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON customers (stripe_customer_id) WHERE stripe_customer_id IS NOT NULL;
CREATE INDEX ON customers (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE customer_aliases (
    stripe_customer_id text PRIMARY KEY,
    account_id text NOT NULL
);
CREATE INDEX ON customer_aliases (account_id);

-- The engine's role on subs_account: reads everything, writes DERIVED columns and nothing else.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO recon_engine_subs_account;
GRANT UPDATE (plan_code, primary_subscription_id, payment_status, row_version, updated_at)
    ON accounts TO recon_engine_subs_account;

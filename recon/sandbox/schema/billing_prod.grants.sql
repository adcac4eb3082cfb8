-- The engine's role on billing_prod: the ledger and the contracts are read only, account_flags is derived as a whole.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO recon_engine_billing_prod;
GRANT INSERT ON account_flags TO recon_engine_billing_prod;
GRANT UPDATE (has_debt, in_bad_debt, row_version, updated_at) ON account_flags TO recon_engine_billing_prod;

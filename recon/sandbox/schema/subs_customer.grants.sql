-- The engine's role on subs_customer: reads everything, writes DERIVED columns and nothing else.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO recon_engine_subs_customer;
GRANT UPDATE (has_payment_method, delinquent, has_no_successful_payment, row_version, updated_at)
    ON customers TO recon_engine_subs_customer;

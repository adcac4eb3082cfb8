-- The engine's role on cf_prod: entitlements are derived as a whole; of the blocks it sees all and touches billing_debt alone,
-- which no bug of ours can widen, because the database itself hides the others from every write.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO recon_engine_cf_prod;
GRANT INSERT ON entitlements TO recon_engine_cf_prod;
GRANT UPDATE (plan_active, effective_plan, restricted, suspended, row_version, updated_at)
    ON entitlements TO recon_engine_cf_prod;
GRANT INSERT, DELETE ON blocks TO recon_engine_cf_prod;
GRANT UPDATE (level, since, set_by, row_version, updated_at) ON blocks TO recon_engine_cf_prod;
ALTER TABLE blocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine_reads ON blocks FOR SELECT TO recon_engine_cf_prod USING (true);
CREATE POLICY engine_adds ON blocks FOR INSERT TO recon_engine_cf_prod WITH CHECK (reason = 'billing_debt');
CREATE POLICY engine_changes ON blocks FOR UPDATE TO recon_engine_cf_prod
    USING (reason = 'billing_debt') WITH CHECK (reason = 'billing_debt');
CREATE POLICY engine_lifts ON blocks FOR DELETE TO recon_engine_cf_prod USING (reason = 'billing_debt');

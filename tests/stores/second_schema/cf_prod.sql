CREATE SCHEMA access;
CREATE TABLE access.may (
    acct text PRIMARY KEY, active text NOT NULL, plan text, restricted smallint NOT NULL, suspended smallint NOT NULL,
    v integer NOT NULL, at timestamptz
);
CREATE TABLE access.hold (
    acct text, why char(1), how smallint NOT NULL, since timestamp NOT NULL, by_whom text, v integer NOT NULL, PRIMARY KEY (acct, why)
);
GRANT USAGE ON SCHEMA access TO recon_engine_cf_prod;
GRANT SELECT ON ALL TABLES IN SCHEMA access TO recon_engine_cf_prod;
GRANT INSERT ON access.may, access.hold TO recon_engine_cf_prod;
GRANT DELETE ON access.hold TO recon_engine_cf_prod;
GRANT UPDATE (active, plan, restricted, suspended, v, at) ON access.may TO recon_engine_cf_prod;
GRANT UPDATE (how, since, by_whom, v) ON access.hold TO recon_engine_cf_prod;
ALTER TABLE access.hold ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON access.hold FOR SELECT TO recon_engine_cf_prod USING (true);
CREATE POLICY adds ON access.hold FOR INSERT TO recon_engine_cf_prod WITH CHECK (why = 'D');
CREATE POLICY changes ON access.hold FOR UPDATE TO recon_engine_cf_prod USING (why = 'D') WITH CHECK (why = 'D');
CREATE POLICY lifts ON access.hold FOR DELETE TO recon_engine_cf_prod USING (why = 'D');

CREATE PROCEDURE access.move() LANGUAGE sql AS $$
    TRUNCATE access.may, access.hold;
    INSERT INTO access.may
    SELECT account_id, CASE WHEN plan_active THEN 'on' ELSE 'off' END, effective_plan, restricted::integer, suspended::integer,
        row_version, now()
    FROM entitlements;
    INSERT INTO access.hold
    SELECT account_id, CASE reason WHEN 'billing_debt' THEN 'D' WHEN 'abuse' THEN 'A' WHEN 'legal' THEN 'L'
            WHEN 'ops' THEN 'O' END, CASE level WHEN 'restrict' THEN 1 WHEN 'suspend' THEN 2 END,
        since AT TIME ZONE 'UTC', set_by, row_version
    FROM blocks;
    TRUNCATE entitlements, blocks;
$$;

CREATE SCHEMA crm;
CREATE TYPE crm.standing AS ENUM ('NONE', 'TRIAL', 'PENDING', 'OK', 'LATE', 'UNPAID', 'BAD', 'OFF');
CREATE TABLE crm."Customer Account" (
    tenant text, "No" varchar(40), st smallint NOT NULL, "closed on" timestamp, plan varchar(20), sub_ref text,
    standing crm.standing NOT NULL, lock_no integer NOT NULL, modified timestamp NOT NULL, PRIMARY KEY ("No", tenant)
);
GRANT USAGE ON SCHEMA crm TO recon_engine_subs_account;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO recon_engine_subs_account;
GRANT UPDATE (plan, sub_ref, standing, lock_no, modified) ON crm."Customer Account" TO recon_engine_subs_account;

-- Each account is another tenant's too, who has it closed and in bad debt.
CREATE PROCEDURE crm.move() LANGUAGE sql AS $$
    TRUNCATE crm."Customer Account";
    INSERT INTO crm."Customer Account"
    SELECT 'eu', account_id, CASE status WHEN 'open' THEN 1 WHEN 'closed' THEN 2 END, closed_at AT TIME ZONE 'UTC',
        plan_code, primary_subscription_id, (CASE payment_status WHEN 'none' THEN 'NONE' WHEN 'trialing' THEN 'TRIAL'
            WHEN 'pending' THEN 'PENDING' WHEN 'current' THEN 'OK' WHEN 'past_due' THEN 'LATE'
            WHEN 'unpaid' THEN 'UNPAID' WHEN 'bad_debt' THEN 'BAD' WHEN 'written_off' THEN 'OFF' END)::crm.standing,
        row_version, now() AT TIME ZONE 'UTC'
    FROM accounts
    UNION ALL SELECT 'us', account_id, 2, now(), 'x', 'sub_x', 'BAD', 7, now() FROM accounts;
    TRUNCATE accounts;
$$;

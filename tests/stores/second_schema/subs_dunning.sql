CREATE SCHEMA collections;
CREATE TABLE collections.debtor (
    acct text PRIMARY KEY, stage smallint NOT NULL, raw_stage smallint NOT NULL, owes char(1) NOT NULL,
    lost char(1) NOT NULL, oldest timestamp, v bigint
);
CREATE TABLE collections.owed (
    debtor text, cur char(3), due_cents integer NOT NULL, lost_cents integer NOT NULL, v bigint NOT NULL,
    at timestamptz NOT NULL, PRIMARY KEY (debtor, cur)
);
CREATE TABLE collections.decision (
    no text PRIMARY KEY, debtor text NOT NULL, what text NOT NULL, plan text, until bigint, why text, who text
);
GRANT USAGE ON SCHEMA collections TO recon_engine_subs_dunning;
GRANT SELECT ON ALL TABLES IN SCHEMA collections TO recon_engine_subs_dunning;
GRANT INSERT ON collections.debtor, collections.owed TO recon_engine_subs_dunning;
GRANT UPDATE (stage, raw_stage, owes, lost, oldest, v) ON collections.debtor TO recon_engine_subs_dunning;
GRANT UPDATE (due_cents, lost_cents, v, at) ON collections.owed TO recon_engine_subs_dunning;

CREATE FUNCTION collections.stage(word text) RETURNS smallint LANGUAGE sql AS $$
    SELECT CASE word WHEN 'clear' THEN 0 WHEN 'written_off' THEN 9 WHEN 'grace' THEN 1 WHEN 'past_due' THEN 2
        WHEN 'delinquent' THEN 3 WHEN 'bad_debt' THEN 4 END
$$;
CREATE PROCEDURE collections.move() LANGUAGE sql AS $$
    TRUNCATE collections.debtor, collections.owed, collections.decision;
    INSERT INTO collections.debtor
    SELECT account_id, collections.stage(state), collections.stage(raw_state), CASE WHEN has_debt THEN 'Y' ELSE 'N' END,
        CASE WHEN is_bad_debt THEN 'Y' ELSE 'N' END, oldest_due_at AT TIME ZONE 'UTC', row_version
    FROM dunning;
    INSERT INTO collections.owed
    SELECT account_id, currency, collectible_minor, written_off_minor, row_version, now() FROM balances;
    INSERT INTO collections.decision
    SELECT intent_id, account_id, CASE kind WHEN 'enforcement_off' THEN 'HOLD' WHEN 'promise_to_pay' THEN 'PROMISE'
            WHEN 'approve_escalation' THEN 'GO' WHEN 'comp_plan' THEN 'GIFT' END,
        plan_code, extract(epoch FROM until), reason, created_by
    FROM intents;
    TRUNCATE dunning, balances, intents;
$$;

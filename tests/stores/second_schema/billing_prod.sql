CREATE SCHEMA fin;
CREATE TABLE fin.bill (
    no text PRIMARY KEY, acct text NOT NULL, stripe_no text, st char(1) NOT NULL, cur text NOT NULL, cents integer NOT NULL,
    issued timestamp, due timestamp, "from" bigint, "to" bigint, deleted_at timestamptz
);
CREATE TABLE fin.receipt (
    no text PRIMARY KEY, acct text NOT NULL, bill text, by_stripe boolean NOT NULL, means smallint NOT NULL, ref text,
    st smallint NOT NULL, cents bigint NOT NULL, cur text NOT NULL, made timestamptz NOT NULL, settled timestamptz
);
CREATE TABLE fin.correction (
    no text PRIMARY KEY, bill text NOT NULL, receipt text, what text NOT NULL, cents bigint NOT NULL, cur text NOT NULL,
    effective timestamptz NOT NULL, approved_by text
);
CREATE TABLE fin.agreement (acct text PRIMARY KEY, segment text NOT NULL, plan text, net integer, "from" timestamptz, "to" timestamptz);
CREATE TABLE fin.mark (acct text PRIMARY KEY, owes text NOT NULL, lost text NOT NULL, v bigint NOT NULL);
GRANT USAGE ON SCHEMA fin TO recon_engine_billing_prod;
GRANT SELECT ON ALL TABLES IN SCHEMA fin TO recon_engine_billing_prod;
GRANT INSERT ON fin.mark TO recon_engine_billing_prod;
GRANT UPDATE (owes, lost, v) ON fin.mark TO recon_engine_billing_prod;

-- Each bill has a deleted twin, which counts for nothing. Of the means, two are a wire: it is only read.
CREATE PROCEDURE fin.move() LANGUAGE sql AS $$
    TRUNCATE fin.bill, fin.receipt, fin.correction, fin.agreement, fin.mark;
    INSERT INTO fin.bill
    SELECT invoice_id || suffix, account_id, stripe_invoice_id, CASE status WHEN 'draft' THEN 'D' WHEN 'issued' THEN 'I'
            WHEN 'void' THEN 'V' END, currency, total_minor, issued_at AT TIME ZONE 'UTC', due_at AT TIME ZONE 'UTC',
        extract(epoch FROM period_start), extract(epoch FROM period_end), deleted_at
    FROM invoices, (VALUES ('', NULL), ('-deleted', now())) AS twin (suffix, deleted_at);
    INSERT INTO fin.receipt
    SELECT payment_id, account_id, invoice_id, rail = 'stripe', CASE method WHEN 'card' THEN 1 WHEN 'bank_debit' THEN 2
            WHEN 'wire' THEN 3 + length(payment_id) % 2 WHEN 'check' THEN 5 WHEN 'other' THEN 6 END, processor_ref,
        CASE status WHEN 'pending' THEN 1 WHEN 'settled' THEN 2 WHEN 'failed' THEN 3 END, amount_minor, currency,
        created_at, settled_at
    FROM payments;
    INSERT INTO fin.correction
    SELECT adjustment_id, invoice_id, payment_id, upper(kind), amount_minor, currency, effective_at, approved_by
    FROM adjustments;
    INSERT INTO fin.agreement SELECT * FROM contracts;
    INSERT INTO fin.mark
    SELECT account_id, CASE WHEN has_debt THEN 'yes' ELSE 'no' END, CASE WHEN in_bad_debt THEN 'yes' ELSE 'no' END, row_version
    FROM account_flags;
    TRUNCATE invoices, payments, adjustments, contracts, account_flags;
$$;

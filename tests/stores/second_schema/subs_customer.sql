CREATE SCHEMA crm;
CREATE TABLE crm.person (
    acct text PRIMARY KEY, stripe_no text, mail text, called text, absorbed_by text, "pays?" char(1) NOT NULL,
    late char(1) NOT NULL, never_paid boolean NOT NULL, changed_at timestamptz NOT NULL
);
CREATE TABLE crm.other_stripe_no (stripe_no text PRIMARY KEY, acct text NOT NULL);
GRANT USAGE ON SCHEMA crm TO recon_engine_subs_customer;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO recon_engine_subs_customer;
GRANT UPDATE ("pays?", late, never_paid, changed_at) ON crm.person TO recon_engine_subs_customer;

CREATE PROCEDURE crm.move() LANGUAGE sql AS $$
    TRUNCATE crm.person, crm.other_stripe_no;
    INSERT INTO crm.person
    SELECT account_id, stripe_customer_id, email, name, merged_into, CASE WHEN has_payment_method THEN 'Y' ELSE 'N' END,
        CASE WHEN delinquent THEN 'Y' ELSE 'N' END, has_no_successful_payment,
        timestamptz 'epoch' + row_version * interval '1 microsecond'
    FROM customers;
    INSERT INTO crm.other_stripe_no SELECT * FROM customer_aliases;
    TRUNCATE customers, customer_aliases;
$$;

"""The audit's chain and the outbox's order, held by the database itself.

`audit_append` alone may add to the audit: it takes the head's lock, so it belongs last in its transaction, computes the
seal from the exact text it was given, and runs as its owner. Triggers refuse every other change.
"""

from django.db import migrations

CHAIN = r"""
CREATE TABLE audit (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    account text,
    reason text NOT NULL,
    before jsonb,
    after jsonb,
    request_id text NOT NULL,
    apply_id uuid,
    body text NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX audit_account ON audit (account, seq DESC);
CREATE INDEX audit_actor ON audit (actor, seq DESC);
CREATE INDEX audit_apply ON audit (apply_id) WHERE apply_id IS NOT NULL;

CREATE TABLE audit_head (one boolean PRIMARY KEY DEFAULT true CHECK (one), seq bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO audit_head (one, seq, hash) VALUES (true, 0, sha256('v1'::bytea));

CREATE FUNCTION audit_append(entry text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    parts jsonb := entry::jsonb;
    head public.audit_head;
    moment timestamptz;
    seal bytea;
BEGIN
    SELECT * INTO STRICT head FROM public.audit_head FOR UPDATE;
    moment := clock_timestamp();
    seal := sha256(convert_to(
        'v1|' || (head.seq + 1) || '|' || to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '|' || encode(head.hash, 'hex') || '|' || entry, 'UTF8'));
    UPDATE public.audit_head SET seq = head.seq + 1, hash = seal;
    INSERT INTO public.audit
        (seq, at, actor, action, account, reason, before, after, request_id, apply_id, body, prev, hash)
    VALUES (head.seq + 1, moment, parts->>'actor', parts->>'action', parts->>'account', parts->>'reason',
        nullif(parts->'before', 'null'), nullif(parts->'after', 'null'), parts->>'request_id',
        (parts->>'apply_id')::uuid, entry, head.hash, seal);
    RETURN head.seq + 1;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_keeps_all BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_keeps_head BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

CREATE FUNCTION audit_only_linked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.audit_head WHERE seq = NEW.seq AND hash = NEW.hash) THEN
        RAISE EXCEPTION 'append to the audit with audit_append' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_links BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_linked();

CREATE FUNCTION outbox_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Held until the transaction ends: a reader that has seen a sequence number has seen all below it.
    PERFORM pg_advisory_xact_lock(hashtextextended('recon outbox', 0));
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_takes_turns BEFORE INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_in_turn();
"""

UNDO = """
DROP TRIGGER outbox_takes_turns ON outbox;
DROP FUNCTION outbox_in_turn();
DROP FUNCTION audit_append(text);
DROP TABLE audit, audit_head;
DROP FUNCTION audit_only_linked();
DROP FUNCTION audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("recon", "0001_initial")]
    operations = [migrations.RunSQL(CHAIN, UNDO)]

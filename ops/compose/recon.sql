-- Run once, on a new volume: our own role and database, with the password that the secret database_url holds.
\set password `sed -E 's,^postgres(ql)?://[^:]+:([^@]+)@.*,\2,' /run/secrets/database_url`
CREATE ROLE recon LOGIN PASSWORD :'password';
CREATE DATABASE recon OWNER recon;
REVOKE ALL ON DATABASE recon FROM PUBLIC;

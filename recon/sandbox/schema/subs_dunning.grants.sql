-- The engine's role on subs_dunning: dunning and balances are derived as a whole, intents are people's.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO recon_engine_subs_dunning;
GRANT INSERT ON dunning, balances TO recon_engine_subs_dunning;
GRANT UPDATE (state, raw_state, has_debt, is_bad_debt, oldest_due_at, row_version, updated_at)
    ON dunning TO recon_engine_subs_dunning;
GRANT UPDATE (collectible_minor, written_off_minor, row_version, updated_at)
    ON balances TO recon_engine_subs_dunning;

"""Every check of the security list, as a sentence, with the tests that hold it: for whoever signs this off to walk.

`test_register.py` sees to it that no number is missing and that each test is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Check:
    """`held_by` are tests as `file::name`, below tests/."""

    sentence: str
    held_by: tuple[str, ...]


def check(sentence: str, *held_by: str) -> Check:
    return Check(sentence, held_by)


CHECKS: Final[Mapping[int, Check]] = {
    # Access
    1: check(
        "Every address needs a login or a token, but for a listed few",
        "security/test_access.py::test_the_doors_without_a_lock_are_these_few",
        "security/test_access.py::test_nobody_is_told_anything_of_an_account_at_any_door",
        "inspector/test_access.py::test_every_page_says_what_it_asks_for",
    ),
    2: check(
        "Every address × method × role, and × token, answers as a table says, and an address without a row fails",
        "inspector/test_access.py::test_every_address_has_a_row",
        "inspector/test_access.py::test_address_against_method_and_person",
        "inspector/test_access.py::test_right_against_role",
        "api/test_token_access.py::test_every_address_of_the_api_has_a_row",
        "api/test_token_access.py::test_address_against_method_and_scope",
        "api/test_token_access.py::test_whoever_has_no_token_in_force_is_told_nothing",
    ),
    3: check(
        "What one may not see, and what one guesses, is answered like what is missing",
        "security/test_access.py::test_a_guessed_id_is_a_missing_one",
        "security/test_access.py::test_anothers_audit_entry_is_answered_like_a_missing_one",
        "security/test_access.py::test_anothers_filter_is_neither_shown_nor_forgotten",
        "api/test_reads.py::test_who_nobody_knows_is_answered_alike",
        "inspector/test_look_ups.py::test_the_others_see_their_own_alone",
    ),
    4: check(
        "Whoever approves is never the starter where two are asked, nor who made the starter's token",
        "actions/test_bulk_limits.py::test_second_person_is_never_the_starter_and_is_of_finance_or_admin",
        "api/test_bulk_call.py::test_who_made_the_token_is_no_second_person",
        "api/test_bulk_call.py::test_what_is_severe_waits_for_a_person_and_rests_on_them",
        "actions/test_policy_versions.py::test_what_makes_somebody_more_severe_waits_for_another_admin",
    ),
    5: check(
        "A crafted form gives nobody a severe plan or a proposal that the role does not have",
        "inspector/test_approval_form.py::test_role_without_the_right_is_refused_and_recorded",
        "inspector/test_approval_form.py::test_viewer_cannot_approve_by_crafting_the_form",
        "inspector/test_approval_form.py::test_support_cannot_approve_a_proposal_by_crafting_the_form",
        "inspector/test_approval_form.py::test_nobody_else_overrides_a_pause_by_crafting_the_form",
        "api/test_apply_call.py::test_a_token_approves_nothing_severe_and_the_attempt_is_recorded",
    ),
    6: check(
        "A digest that is not the plan's is refused, also when the world moved since; of two at once one applies",
        "inspector/test_approval_form.py::test_forged_digest_is_not_applied",
        "apply/test_apply.py::test_another_digest_is_refused_with_the_plan_as_it_is_now",
        "apply/test_approval.py::test_a_world_that_moved_refuses_it_and_shows_the_new_plan",
        "apply/test_approval.py::test_an_approval_runs_out",
        "api/test_apply_call.py::test_of_two_clients_with_the_same_digest_one_applies_and_one_is_told",
    ),
    7: check(
        "A freeze stops every apply: by page, command, program, bulk, and by the engine itself",
        "security/test_access.py::test_paused_applies_stand_still_by_every_way",
        "apply/test_apply.py::test_while_applies_are_paused_none_begins",
        "apply/test_approval.py::test_a_pause_refuses_what_was_approved_before_it",
        "actions/test_bulk_repair.py::test_freeze_pauses_the_run_with_its_reason_and_it_goes_on_after",
        "api/test_apply_call.py::test_nothing_is_applied_while_all_applies_are_paused",
    ),
    8: check(
        "Tokens are hashed, scoped, shown once, expire, and are revoked at once",
        "inspector/test_tokens.py::test_a_token_is_shown_once_and_only_its_hash_is_kept",
        "inspector/test_tokens.py::test_it_opens_the_api_until_it_is_revoked",
        "inspector/test_tokens.py::test_it_ends_by_itself",
        "inspector/test_tokens.py::test_nobody_else_makes_one_and_the_attempt_is_recorded",
        "api/test_bulk_call.py::test_a_revoked_token_s_run_goes_no_further",
        "api/test_token_access.py::test_whoever_has_no_token_in_force_is_told_nothing",
    ),
    9: check(
        "Guessing at the login is slow, by person and by address, and tells nothing of what was wrong",
        "inspector/test_login.py::test_the_tenth_wrong_password_shuts_the_door_there_and_nowhere_else",
        "inspector/test_login.py::test_thirty_wrong_passwords_shut_the_door_to_their_address",
        "inspector/test_login.py::test_names_that_exist_and_that_do_not_get_the_same_answers",
        "inspector/test_login.py::test_a_login_that_was_switched_off_looks_like_a_wrong_password",
        "inspector/test_login.py::test_only_our_own_proxies_are_believed",
        "inspector/test_login.py::test_password_rules",
        "security/test_access.py::test_a_name_that_there_is_takes_no_longer_than_one_that_there_is_not",
    ),
    10: check(
        "Sessions end unused and old, have a new id at login, and die at logout, another password and changed roles",
        "inspector/test_sessions.py::test_a_session_ends_unused_and_old",
        "inspector/test_sessions.py::test_login_gives_the_session_a_new_id",
        "inspector/test_sessions.py::test_logout_ends_the_session",
        "inspector/test_sessions.py::test_another_password_ends_the_other_sessions",
        "inspector/test_sessions.py::test_a_session_ends_when_roles_change",
        "inspector/test_sessions.py::test_a_session_ends_when_the_login_is_switched_off",
    ),
    # Requests
    11: check(
        "No form and no fragment is taken without its token or from a foreign page; no cookie opens the API",
        "security/test_requests.py::test_no_form_is_taken_without_its_token",
        "inspector/test_access.py::test_address_against_method_and_person",
        "api/test_stripe_webhook.py::test_neither_session_nor_form_token_is_asked_or_given",
    ),
    12: check(
        "What a form brings besides its fields changes nothing; what a call brings is refused",
        "security/test_requests.py::test_a_repair_holds_what_we_know_and_not_what_the_form_says",
        "security/test_requests.py::test_a_token_and_a_note_are_of_whom_they_are_of",
        "security/test_requests.py::test_nobody_is_made_more_by_a_form",
        "security/test_requests.py::test_every_call_refuses_a_field_that_is_not_its_own",
    ),
    13: check(
        "Unknown fields and other types are answered with 400 and where they stand",
        "security/test_requests.py::test_every_call_refuses_a_field_that_is_not_its_own",
        "api/test_apply_call.py::test_what_is_wrong_is_pointed_at",
        "api/test_apply_call.py::test_a_body_that_is_none",
        "api/test_bulk_call.py::test_what_is_wrong_is_pointed_at",
        "api/test_reads.py::test_a_parameter_that_is_not_ours_is_refused_by_its_name",
        "api/test_fuzz.py::test_every_answer_is_what_the_schema_says",
    ),
    14: check(
        "Bodies, headers, pages, lists and queries have a greatest size",
        "security/test_requests.py::test_a_form_has_a_greatest_size_and_number_of_fields",
        "security/test_requests.py::test_every_call_has_a_greatest_body",
        "security/test_requests.py::test_no_page_and_no_list_of_ids_is_without_an_end",
        "security/test_wire.py::test_what_is_too_long_for_the_wire_is_cut_off_and_the_server_lives",
        "queries/test_find.py::test_a_look_up_that_takes_too_long_is_given_up_and_nothing_else_is",
        "inspector/test_search.py::test_five_thousand_ids_are_answered_for_the_first_and_say_so",
    ),
    15: check(
        "Nothing leads to another site: not `next`, not a form's field, not the page that a fragment says it is on",
        "inspector/test_login.py::test_login_leads_nowhere_else",
        "inspector/test_openid.py::test_login_there_leads_nowhere_else",
        "inspector/test_sessions.py::test_a_fragments_foreign_page_is_not_led_back_to",
        "security/test_requests.py::test_no_form_leads_to_another_site",
    ),
    16: check(
        "A host that is not ours is refused at every address, and a proxy's word for it is not heard",
        "security/test_requests.py::test_no_address_answers_for_another_host",
        "security/test_wire.py::test_a_foreign_host_is_refused_on_the_wire",
        "api/test_stripe_webhook.py::test_a_host_that_is_not_ours_is_refused",
    ),
    17: check(
        "Each address knows its methods and no others",
        "inspector/test_access.py::test_address_against_method_and_person",
        "api/test_token_access.py::test_address_against_method_and_scope",
        "security/test_requests.py::test_no_other_method_reaches_anything",
    ),
    18: check(
        "SQL in a search, a filter, an order, a cursor or an id is a value, and every name a store is asked by is ours",
        "security/test_injection.py::test_sql_in_any_parameter_of_a_page_is_only_a_value",
        "security/test_injection.py::test_sql_in_any_parameter_of_a_call_is_only_a_value",
        "security/test_injection.py::test_sql_in_an_address_names_nobody",
        "security/test_injection.py::test_every_name_that_a_store_is_asked_by_is_one_of_ours",
        "inspector/test_search.py::test_nonsense_gets_a_designed_answer",
        "stores/test_two_phase.py::test_what_is_not_ours_is_refused_before_it_is_sent",
    ),
    19: check(
        "Markup in any column of any store, and in any text of ours, is inert on every page",
        "security/test_inert.py::test_every_text_of_every_store_is_inert_on_its_accounts_page",
        "security/test_inert.py::test_every_text_of_ours_is_inert_on_every_page",
        "inspector/test_audit_page.py::test_html_in_a_reason_is_inert",
        "inspector/test_failed.py::test_a_body_is_shown_to_whom_it_may_be_and_inert",
    ),
    20: check(
        "No cell of a file is a formula",
        "security/test_inert.py::test_a_cell_that_begins_like_a_formula_is_text",
        "security/test_inert.py::test_no_cell_of_any_file_is_a_formula",
        "inspector/test_queue_pages.py::test_no_cell_of_the_file_is_a_formula",
        "inspector/test_cases.py::test_the_file_holds_what_is_to_be_handed_over_and_no_formula",
    ),
    21: check(
        "No address that somebody gives is ever fetched",
        "security/test_injection.py::test_no_address_in_a_form_a_call_or_an_event_is_fetched",
        "security/test_injection.py::test_only_who_knows_the_address_beforehand_reaches_out",
        "inspector/test_openid.py::test_an_invented_way_back_is_refused",
    ),
    22: check(
        "A key of another token is another key, and the same key acts once",
        "api/test_apply_call.py::test_a_key_is_for_one_body_and_one_token",
        "api/test_apply_call.py::test_fifty_times_the_same_call_at_once_is_one_effect",
    ),
    # Webhooks
    23: check(
        "Stripe's signature is over the bytes that came, compared in constant time",
        "api/test_stripe_webhook.py::test_what_is_not_signed_is_refused",
        "api/test_stripe_webhook.py::test_a_changed_body_is_refused",
        "security/test_webhooks.py::test_the_same_words_in_other_bytes_are_not_what_was_signed",
        "security/test_webhooks.py::test_secrets_are_compared_in_constant_time",
    ),
    24: check(
        "A signature holds five minutes either way, and the same event again marks nothing",
        "api/test_stripe_webhook.py::test_a_signature_holds_for_five_minutes_before_and_after",
        "api/test_stripe_webhook.py::test_a_duplicate_is_acknowledged_and_marks_nothing",
        "api/test_at_once.py::test_the_same_event_a_hundred_times_at_once_is_one_mark",
    ),
    25: check(
        "Two secrets, and two keys, hold while one replaces the other",
        "api/test_stripe_webhook.py::test_both_secrets_are_believed_while_one_replaces_the_other",
        "api/test_store_events.py::test_the_former_secret_holds_while_it_is_replaced",
        "api/test_events.py::test_two_secrets_hold_while_one_is_replaced",
        "security/test_rotation.py::test_a_session_goes_on_and_is_of_the_new_key_from_its_next_page_on",
        "security/test_rotation.py::test_without_the_former_key_one_logs_in_again",
        "security/test_rotation.py::test_a_form_that_was_open_meanwhile_can_be_sent",
        "security/test_rotation.py::test_tokens_of_programs_depend_on_no_key",
        "security/test_rotation.py::test_checkpoints_of_the_former_key_still_prove_the_audit",
        "security/test_rotation.py::test_a_stores_former_password_opens_no_new_connection_and_closes_none",
    ),
    26: check(
        "An event of the other mode, or of an account that is not ours, is refused or marks nothing, and is told",
        "api/test_stripe_webhook.py::test_an_event_of_the_other_mode_is_refused_and_told",
        "api/test_stripe_webhook.py::test_an_event_of_a_connected_account_marks_nothing_unless_it_is_ours",
    ),
    27: check(
        "A webhook's body has a greatest size, and whatever it holds it breaks nothing",
        "api/test_stripe_webhook.py::test_a_body_over_the_limit_is_refused",
        "api/test_store_events.py::test_a_body_over_the_limit_is_refused",
        "api/test_bad_input.py::test_bytes_and_headers_of_anybody",
        "api/test_bad_input.py::test_signed_nonsense",
        "api/test_bad_input.py::test_signed_events_of_any_shape",
    ),
    28: check(
        "A refusal repeats nothing of what was sent",
        "api/test_stripe_webhook.py::test_a_refusal_repeats_nothing_of_the_body",
    ),
    # Browser
    29: check(
        "A browser runs and loads only what is ours: nonces, nothing inline, nothing foreign",
        "security/test_browser.py::test_a_browser_runs_nothing_that_is_not_ours",
        "security/test_browser.py::test_a_broken_page_is_held_back_too",
        "inspector/test_login.py::test_every_answer_holds_the_browser_back",
        "inspector/test_taste.py::test_template_has_no_inline_style_or_script",
        "browser/test_every_page.py::test_every_page_fits_its_window_and_breaks_no_rule",
    ),
    30: check(
        "Nobody frames us",
        "security/test_browser.py::test_a_browser_runs_nothing_that_is_not_ours",
        "security/test_browser.py::test_every_answer_has_its_headers",
    ),
    31: check(
        "Every answer says nosniff, its referrer policy and who may share its window",
        "security/test_browser.py::test_every_answer_has_its_headers",
    ),
    32: check(
        "Cookies are Secure, HttpOnly, SameSite and of this host alone",
        "security/test_browser.py::test_cookies_are_for_this_host_and_no_script",
        "security/test_secrets.py::test_production_serves_over_tls_alone",
        "inspector/test_login.py::test_production_binds_its_cookies_to_this_host",
    ),
    33: check(
        "No cache that others use keeps an answer",
        "security/test_browser.py::test_no_cache_that_others_use_keeps_an_answer",
        "inspector/test_sessions.py::test_pages_stay_out_of_every_cache",
    ),
    34: check(
        "In production a browser is told to come by TLS alone",
        "security/test_secrets.py::test_production_serves_over_tls_alone",
    ),
    # Secrets and data
    35: check(
        "Production refuses DEBUG and secrets that everybody knows: the check fails, and no server starts",
        "security/test_secrets.py::test_production_refuses_what_everybody_knows",
        "test_checks.py::test_each_unsafe_production_setting_is_told",
        "inspector/test_login.py::test_the_demos_logins_are_shown_in_the_demo_alone",
    ),
    36: check(
        "`check --deploy` is clean with the settings of a company",
        "security/test_secrets.py::test_the_settings_of_a_company_are_clean",
    ),
    37: check(
        "No e-mail, name, token, key or payload is in a log line or on the page of an error",
        "security/test_secrets.py::test_what_is_sent_is_in_no_line_and_on_no_page_of_an_error",
        "security/test_secrets.py::test_no_line_holds_a_secret_or_an_address",
        "security/test_secrets.py::test_a_name_with_line_ends_forges_no_line",
        "security/test_secrets.py::test_every_handler_writes_such_lines",
        "inspector/test_login.py::test_what_was_typed_is_kept_nowhere",
        "stores/test_every_store.py::test_a_store_that_is_down_is_a_failed_reading_that_says_where_and_keeps_its_secret",
        "stripe/test_calls.py::test_a_refusal_tells_nothing_of_the_key",
    ),
    38: check(
        "The engine's role writes what is derived and nothing else; the application only appends to the audit",
        "sandbox/test_grants.py::test_the_engine_may_update_exactly_the_derived_columns",
        "sandbox/test_grants.py::test_the_engine_may_delete_from_blocks_alone_and_truncate_nothing",
        "sandbox/test_grants.py::test_a_fact_column_refuses_the_engines_update",
        "sandbox/test_grants.py::test_the_engine_reaches_no_other_store",
        "apply/test_audit_chain.py::test_the_application_can_only_append",
        "test_checks.py::test_a_role_that_may_update_a_fact_is_warned_of",
        "test_checks.py::test_a_superuser_as_the_engines_role_is_warned_of",
    ),
    39: check(
        "The TLS options of every database's URL are honoured",
        "security/test_secrets.py::test_a_store_that_cannot_prove_itself_is_not_spoken_to",
        "security/test_secrets.py::test_production_serves_over_tls_alone",
    ),
    40: check(
        "Every package is pinned by its hash, the image has those alone, and `make audit` knows of no hole in any",
        "security/test_secrets.py::test_every_package_is_pinned_by_its_hash",
        "deploy/test_containers.py::test_the_image_has_exactly_what_the_lock_says_without_the_groups",
    ),
    # People
    41: check(
        "Whoever sees an account is on record, and so is a file that leaves the house",
        "security/test_people.py::test_whoever_sees_an_account_is_on_record",
        "security/test_people.py::test_a_file_that_leaves_the_house_is_on_record",
        "inspector/test_look_ups.py::test_the_account_page_and_a_list_of_hits_are_looks",
    ),
    42: check(
        "Every change has its actor, reason, before and after, in a chain that shows a tampering",
        "security/test_people.py::test_every_deed_says_who_why_and_what_changed",
        "actions/test_set_login.py::test_each_change_is_in_the_audit_without_the_password",
        "apply/test_apply.py::test_state_audit_events_and_mark_agree",
        "apply/test_approval.py::test_what_may_not_be_approved_is_refused_and_recorded",
        "apply/test_audit_chain.py::test_the_chain_finds_a_change",
        "apply/test_audit_chain.py::test_only_a_checkpoint_finds_a_chain_written_anew",
    ),
    43: check(
        "A provider's login is a matter of settings, and a second factor is its affair",
        "inspector/test_openid.py::test_a_person_comes_in_with_the_roles_that_the_provider_names",
        "inspector/test_openid.py::test_a_way_back_that_another_browser_began_is_refused",
        "inspector/test_openid.py::test_a_proof_of_another_issuer_is_refused",
        "inspector/test_openid.py::test_with_our_own_logins_off_only_the_provider_lets_in",
        "test_checks.py::test_each_wrong_setting_of_a_provider_is_told",
    ),
    # Besides
    44: check(
        "Looking changes nothing that is durable",
        "security/test_requests.py::test_looking_changes_nothing",
    ),
    45: check(
        "A forged message on the queue asks for no more than a look, and only JSON is read",
        "security/test_webhooks.py::test_no_other_form_than_json_is_taken_from_the_queue",
        "security/test_webhooks.py::test_a_forged_message_asks_for_a_look_and_changes_no_store",
    ),
}

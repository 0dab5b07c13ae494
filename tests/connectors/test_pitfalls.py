"""The thirty-two pitfalls of these platforms, and for each the tests that fail whoever falls into it.

A pitfall may be caught in the connectors or further in; here is the list, and the proof that it is whole.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import tests

ROOT = Path(tests.__file__).parent.parent


class Pitfall(NamedTuple):
    """``sentence``: what a careless implementation gets wrong; ``caught_by``: ``file::test``, below tests/."""

    sentence: str
    caught_by: tuple[str, ...]


WECHAT, WEIBO, STAND = (
    "connectors/wechat/test_",
    "connectors/weibo/test_",
    "connectors/sandbox/test_wechat.py::test_",
)
# fmt: off
PITFALLS: dict[int, Pitfall] = {
    1: Pitfall("the three-item signature taken for a proof of an encrypted body", (
        f"{WECHAT}signatures.py::test_pitfall_1_the_three_item_signature_leaves_the_body_out",
        f"{WECHAT}modes.py::test_pitfall_7_a_body_swapped_under_a_good_query_is_refused")),
    2: Pitfall("parts sorted as numbers, upper-case hex, parameters left out and let through", (
        f"{WECHAT}signatures.py::test_pitfall_2_a_parameter_left_out_is_refused",)),
    3: Pitfall("padding to 16, length in characters or little-endian, AppID not looked at", (
        f"{WECHAT}signatures.py::test_pitfall_3_every_padding_from_1_to_32_is_opened_and_a_wrong_one_is_not",
        f"{WECHAT}signatures.py::test_pitfall_3_a_push_for_another_app_is_refused",
        f"{WECHAT}bad_input.py::test_pitfall_3_a_sealed_push_changed_anywhere_is_refused",
        "connectors/sandbox/test_independent.py::test_pitfall_3_werobots_cipher_and_ours_agree_in_both_directions")),
    4: Pitfall("plain pushes taken in safe mode, unsigned fields read in compatible mode", (
        f"{WECHAT}modes.py::test_pitfall_4_a_push_is_taken_or_refused_by_mode",
        f"{WECHAT}modes.py::test_pitfall_4_in_compatible_mode_only_the_sealed_part_is_read")),
    5: Pitfall("work done before the answer, so that the platform gives up after five seconds", (
        "web/test_webhooks.py::test_a_push_is_kept_byte_for_byte_before_anybody_understands_it",
        f"{STAND}pitfall_5_after_three_bad_answers_the_citizen_is_told_that_nobody_answers")),
    6: Pitfall("answered with JSON, a redirect, an error page, or a refusal to a repetition", (
        f"{STAND}pitfall_6_anything_but_success_or_nothing_is_asked_again",
        f"{WECHAT}receipts.py::test_pitfall_6_what_cannot_be_shown_is_left_out_and_never_an_error",
        "web/test_webhooks.py::test_a_push_that_comes_three_times_is_one_message_and_each_is_acknowledged")),
    7: Pitfall("acknowledged before it is durable, or a genuine retry eaten by the guard against replays", (
        f"{STAND}pitfall_7_a_repetition_is_sealed_anew_or_identical",
        "faults/test_between_steps.py::test_a_killed_server_goes_on_where_it_was")),
    8: Pitfall("recognised by a number that events do not have, or by too little of an event", (
        f"{WECHAT}reading.py::test_pitfall_8_two_events_in_one_second_are_one_only_if_they_are_the_same",
        f"{WECHAT}reading.py::test_pitfall_8_the_same_event_a_second_later_is_another")),
    9: Pitfall("the address check blocked by the guard, no freshness, a clock that is off", (
        f"{WECHAT}signatures.py::test_pitfall_9_the_address_may_be_verified_again_and_again_however_old",
        f"{WECHAT}files_and_addresses.py::test_each_fault_of_an_account_is_named_with_what_to_do")),
    10: Pitfall("XML without limits, entities, elements given twice, white space and emoji lost", (
        "connectors/test_xml_fields.py::test_a_document_that_wechat_never_sends_is_refused",
        "connectors/test_xml_fields.py::test_fields_keep_white_space_and_emoji_and_leave_nested_ones_empty",
        "test_pitfalls_in_the_office.py::test_pitfall_10_what_a_citizen_wrote_is_in_the_database_as_it_was_written",
        "faults/test_inputs.py::test_no_input_breaks_the_door_nor_what_reads_it_later")),
    11: Pitfall("a kind nobody knows breaks it; names and MsgID read in one spelling only", (
        f"{WECHAT}reading.py::test_every_kind_and_event_in_the_tables_has_a_sample",
        f"{WECHAT}reading.py::test_pitfall_11_names_are_read_in_any_case_and_what_is_unknown_is_kept")),
    12: Pitfall("files fetched too late, from anywhere, or an error kept as a picture", (
        f"{WECHAT}files_and_addresses.py::test_pitfall_12_after_three_days_a_file_is_gone_and_the_error_is_no_picture",
        f"{WECHAT}files_and_addresses.py::test_pitfall_12_no_other_address_is_ever_fetched",
        "app/messages/test_attachments.py::test_the_first_bytes_decide")),
    13: Pitfall("the address of the proxy, or one that anybody can write, taken for the caller's", (
        f"{WECHAT}files_and_addresses.py::test_pitfall_13_an_address_is_allowed_only_if_it_is_listed",
        "test_pitfalls_in_the_office.py::test_pitfall_13_the_gate_looks_at_who_called_and_not_at_what_they_say")),
    14: Pitfall("several processes that each kill the other's token", (
        f"{STAND}pitfall_14_tokens_live_as_wechats_do",
        f"{WECHAT}sending.py::test_pitfall_14_every_process_gets_the_same_token_and_its_end",
        "app/official_accounts/test_token.py::test_many_processes_at_once_ask_the_platform_once",
        "faults/test_platforms_failing.py::test_a_token_that_ends_is_renewed_once_whichever_node_sends")),
    15: Pitfall("a refused token refreshed without end", (
        f"{WECHAT}codes.py::test_pitfall_15_a_refused_secret_is_never_tried_again",
        "app/replies/test_sending.py::test_a_token_is_refreshed_once_and_then_the_account_is_in_trouble",
        "faults/test_platforms_failing.py::test_every_fault_at_the_call_for_the_token")),
    16: Pitfall("HTTP 200 or a page of HTML taken for success", (
        f"{WECHAT}sending.py::test_pitfall_16_an_answer_without_a_clear_zero_is_no_success",
        f"{WECHAT}sending.py::test_pitfall_16_what_is_no_object_is_unknown")),
    17: Pitfall("escapes in JSON, which WeChat shows or refuses", (
        f"{WECHAT}sending.py::test_pitfall_17_the_body_is_raw_utf8_and_the_secret_is_in_no_address",
        f"{STAND}pitfall_17_a_wrong_call_is_refused_as_wechat_refuses_it")),
    18: Pitfall("characters counted where bytes are meant, texts cut in the middle of one", (
        "connectors/test_registry.py::test_a_reply_is_counted_as_its_platform_counts",
        f"{WECHAT}receipts.py::test_pitfall_18_a_receipt_is_counted_in_bytes")),
    19: Pitfall("48 hours and five messages ignored, or moved by our own sends", (
        f"{STAND}pitfall_19_the_window_is_48_hours_from_what_the_citizen_wrote",
        f"{STAND}pitfall_19_five_replies_and_not_six_until_the_citizen_writes_again",
        f"{STAND}pitfall_19_an_event_allows_three_for_a_minute_and_takes_nothing_away",
        "app/replies/test_sending.py::test_the_window_of_wechat")),
    20: Pitfall("sent again blindly after a timeout", (
        "faults/test_platforms_failing.py::test_whatever_a_platform_does_each_reply_ends_as_the_table_says",
        f"{WECHAT}codes.py::test_pitfall_20_only_an_unclear_outcome_is_unknown_and_never_a_code",
        f"{WEIBO}sending.py::test_pitfall_20_after_a_fault_we_claim_to_know_only_what_we_know",
        f"{WECHAT}comments.py::test_pitfall_20_a_reply_of_which_we_do_not_know_is_seen_at_the_next_round")),
    21: Pitfall("texts that break out of their element, control characters", (
        f"{WECHAT}receipts.py::test_pitfall_21_a_text_cannot_break_out_of_its_element",
        f"{WECHAT}sending.py::test_what_wechat_would_refuse_is_not_even_sent")),
    22: Pitfall("comments: the second article asked for, pages of fifty, numbers that are not unique, 88005", (
        f"{WECHAT}comments.py::test_pitfall_22_pages_that_shift_and_a_budget_lose_nothing",
        f"{WECHAT}comments.py::test_pitfall_22_one_number_in_two_articles_is_two_comments",
        f"{WECHAT}comments.py::test_a_reply_stands_below_the_comment_once")),
    23: Pitfall("tokens, secrets and people's ids in logs of addresses", (
        f"{WECHAT}sending.py::test_pitfall_23_tokens_and_secrets_are_not_logged",
        "test_pitfalls_in_the_office.py::"
        "test_pitfall_23_a_push_that_was_taken_leaves_no_id_and_no_signature_in_the_log",
        "web/test_webhooks.py::test_a_push_that_does_not_prove_itself_leaves_no_trace")),
    24: Pitfall("Weibo's pushes proved with a token, a second message in one second lost", (
        f"{WEIBO}pushes.py::test_pitfall_24_the_key_is_the_appsecret_and_the_fixed_value_agrees",
        f"{WEIBO}pushes.py::test_pitfall_24_two_messages_in_one_second_are_two_and_a_repetition_is_one")),
    25: Pitfall("ids not swapped, data not encoded, or encoded twice", (
        f"{WEIBO}receipts.py::test_pitfall_25_the_ids_are_swapped_and_the_data_is_encoded_once",
        f"{WEIBO}sending.py::test_pitfall_25_a_private_reply_is_encoded_once_and_within_48_hours")),
    26: Pitfall("English dates read in the server's language, markup shown, ids through a float", (
        f"{WEIBO}pushes.py::test_pitfall_26_english_dates_are_read_whatever_the_servers_language",
        "connectors/test_payloads.py::test_a_sample_becomes_what_is_written_beside_it")),
    27: Pitfall("the place moved before older pages were read", (
        f"{WEIBO}fetching.py::test_pitfall_27_the_cursor_does_not_pass_what_the_budget_left_behind",
        f"{WEIBO}fetching.py::test_pitfall_27_a_short_page_is_not_the_end",
        f"{WEIBO}fetching.py::test_calls_are_left_for_replies",
        f"{WEIBO}mentions.py::test_the_pause_spreads_the_calls_over_the_day",
        f"{WEIBO}mentions.py::test_pitfall_27_a_small_budget_brings_everything_in_the_end")),
    28: Pitfall("codes compared as numbers only, 20032 taken for a failure, the same words refused", (
        f"{WEIBO}sending.py::test_pitfall_28_a_code_ends_in_its_class",
        f"{WEIBO}sending.py::test_pitfall_28_taken_but_not_yet_visible_is_a_success",
        f"{WEIBO}sending.py::test_pitfall_28_the_same_words_twice_are_refused",
        f"{WEIBO}sending.py::test_a_reply_stands_below_the_comment_without_the_automatic_prefix",
        "connectors/sandbox/test_demands.py::test_weibo_wants_to_know_from_where_a_reply_comes",
        "app/replies/test_endings.py::test_pitfall_28_two_citizens_get_the_same_text_and_weibo_refuses_neither")),
    29: Pitfall("a token that only a person can renew ends without warning", (
        f"{WEIBO}mentions.py::test_pitfall_29_when_the_token_ends_is_a_fact_of_the_platform",
        f"{WEIBO}mentions.py::test_trying_an_account_says_whose_token_it_is_and_what_is_left",
        "app/official_accounts/test_connecting.py::"
        "test_whoever_answers_for_the_account_is_told_before_the_permission_ends")),
    30: Pitfall("answered in private after unfollowing, or twice after a mention", (
        f"{WEIBO}sending.py::test_pitfall_30_after_unfollowing_nothing_can_be_delivered_in_private",
        f"{WEIBO}sending.py::test_pitfall_30_after_a_mention_one_private_reply_and_no_more",
        f"{WEIBO}pushes.py::test_pitfall_30_a_mention_and_a_farewell_open_no_window")),
    31: Pitfall("找错: fixed columns, codes as floats, times without a zone, called sent what a person must enter", (
        "connectors/test_tables.py::test_pitfall_31_a_time_is_beijing_time_however_it_is_written",
        "connectors/test_tables.py::test_a_file_as_it_comes_from_excel",
        "connectors/sandbox/test_corrections.py::test_pitfall_31_every_way_an_export_comes_is_read_alike",
        "test_pitfalls_in_the_office.py::"
        "test_pitfall_31_the_time_runs_in_working_days_from_the_submission_and_not_from_the_import",
        "test_the_other_platforms.py::"
        "test_a_correction_sheet_brings_each_row_once_and_its_reply_is_entered_by_a_named_person")),
    32: Pitfall("reminders: an adapter's word trusted for the robot's answer, personal data in groups", (
        "connectors/sandbox/test_robots.py::test_pitfall_32_wecom_counts_bytes",
        "connectors/sandbox/test_robots.py::test_pitfall_32_dingtalk_wants_its_own_signature_encoded_once",
        "connectors/sandbox/test_robots.py::test_pitfall_32_feishu_signs_nothing_with_a_key_of_time_and_secret",
        "connectors/robots/test_messengers.py::test_pitfall_32_the_group_sees_the_words_once",
        "connectors/robots/test_messengers.py::"
        "test_pitfall_32_a_code_within_http_200_is_a_failure_and_carries_no_key",
        "connectors/robots/test_messengers.py::test_pitfall_32_the_demanded_keyword_is_added_where_it_lacks",
        "connectors/robots/test_messengers.py::test_pitfall_32_bytes_are_counted_not_characters",
        "connectors/robots/test_messengers.py::test_pitfall_32_the_twenty_first_of_a_minute_waits",
        "app/notices/test_outward.py::test_pitfall_32_no_more_than_twenty_a_minute_whatever_happens",
        "app/notices/test_outward.py::test_pitfall_32_nothing_but_number_link_and_what_to_do_leaves_the_house",
        "connectors/test_pitfalls.py::test_pitfall_32_no_adapter_stands_between_us_and_a_robots_answer")),
}
# fmt: on


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of the test functions in a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_no_pitfall_is_left_out() -> None:
    assert sorted(PITFALLS) == list(range(1, 33))


@pytest.mark.parametrize(
    "number", PITFALLS, ids=lambda number: f"pitfall-{number}: {PITFALLS[number].sentence}"
)
def test_a_pitfall_is_caught_by_tests_that_exist(number: int) -> None:
    for address in PITFALLS[number].caught_by:
        file, _, name = address.partition("::")
        assert name in names_in(ROOT / "tests" / file), address


def test_every_pitfall_is_named_by_a_test() -> None:
    """By the name of a test, or in the name of one of its examples."""
    named = {
        int(number)
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__)
        for group in re.findall(r"(?:def test_pitfall_|pitfall-)(\d+(?:-\d+)*)", path.read_text("utf-8"))
        for number in group.split("-")
    }
    assert named == set(PITFALLS)


def test_every_test_that_names_a_pitfall_names_one_of_these() -> None:
    named = {
        int(number)
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in names_in(path)
        if name.startswith("test_pitfall_")
        for number in [name.split("_")[2]]
        if number.isdecimal()
    }
    assert named <= set(PITFALLS)


def test_pitfall_32_no_adapter_stands_between_us_and_a_robots_answer() -> None:
    """Adapters report success on HTTP 200, and count characters where a robot counts bytes."""
    needed = (ROOT / "pyproject.toml").read_text("utf-8")
    imported = [
        path
        for folder in ("app", "connectors")
        for path in (ROOT / folder).rglob("*.py")
        if "import apprise" in path.read_text("utf-8")
    ]
    assert "apprise" not in needed
    assert imported == []

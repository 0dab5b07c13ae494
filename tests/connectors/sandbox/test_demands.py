"""What must a faithful stand-in do? Sentence by sentence, and for each the tests that hold it to it."""

import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from connectors.sandbox.wechat_token import Tokens
from connectors.wechat import envelope
from tests.connectors.stands import CITIZEN, NOW, WEIBO_CITIZEN, a_wechat, a_weibo
from tests.connectors.test_pitfalls import ROOT, names_in

HERE, WEIBO, WECHAT = "sandbox/test_wechat.py", "weibo/test_", "wechat/test_"
# fmt: off
DEMANDS: dict[str, tuple[str, ...]] = {
    # WeChat, the client of our address
    "asks whether the address is ours (GET)": (
        f"{HERE}::test_pushes_of_every_kind_are_taken_at_the_first_try",
        "sandbox/test_independent.py::test_werobot_accepts_the_address_check",
        "sandbox/test_node.py::test_it_gives_our_echo_back"),
    "pushes in three modes, sealed with 16 random bytes, signed with three and with four items": (
        "sandbox/test_independent.py::test_werobot_understands_every_push_and_we_its_answers",
        "sandbox/test_independent.py::test_werobot_takes_compatible_pushes_and_odd_texts",
        "sandbox/test_node.py::test_it_takes_our_pushes_and_we_understand_its_answer",
        "sandbox/test_demands.py::test_no_two_seals_of_one_message_are_alike"),
    "waits five seconds, then repeats up to three times, identically or sealed anew": (
        f"{HERE}::test_pitfall_7_a_repetition_is_sealed_anew_or_identical",
        f"{HERE}::test_pitfall_6_anything_but_success_or_nothing_is_asked_again"),
    "records what the citizen would see where nobody answers well": (
        f"{HERE}::test_pitfall_5_after_three_bad_answers_the_citizen_is_told_that_nobody_answers",),
    "stops at success, nothing or right XML; looks at the swap, 2048 bytes and the envelope's signature": (
        f"{HERE}::test_a_receipt_in_xml_is_shown_only_if_it_is_right",
        "sandbox/test_demands.py::test_an_envelope_is_shown_only_if_it_is_signed_and_for_us"),
    # WeChat, the server of our calls
    "stable and classic tokens: the same until the end, forced 30 s apart and 20 a day, one kills the other": (
        f"{HERE}::test_pitfall_14_tokens_live_as_wechats_do",
        f"{HERE}::test_the_old_kind_of_token_kills_the_one_before",
        "sandbox/test_demands.py::test_a_token_is_forced_twenty_times_a_day_and_not_more"),
    "wrong secret, wrong AppID, an address that is not on the list": (
        f"{HERE}::test_a_wrong_account_gets_no_token",
        f"{HERE}::test_a_server_that_is_not_on_the_white_list_gets_no_token"),
    "a clock that tests can move; a token that ends in the middle; 40001 for ever": (
        f"{HERE}::test_time_passes_when_it_is_told_to",
        f"{WECHAT}sending.py::test_an_expired_token_is_replaced_by_an_unforced_call",
        "../faults/test_platforms_failing.py::test_every_fault_at_every_call_that_carries_a_reply"),
    "window and count per person, by what they did; 45015 after leaving, 45047 at the sixth": (
        f"{HERE}::test_pitfall_19_the_window_is_48_hours_from_what_the_citizen_wrote",
        f"{HERE}::test_pitfall_19_five_replies_and_not_six_until_the_citizen_writes_again",
        f"{HERE}::test_pitfall_19_an_event_allows_three_for_a_minute_and_takes_nothing_away"),
    r"\u escapes, too long, empty, wrong method; 45009, 45011, -1 on demand": (
        f"{HERE}::test_pitfall_17_a_wrong_call_is_refused_as_wechat_refuses_it",
        f"{HERE}::test_failures_come_in_the_order_they_were_asked_for_and_then_end",
        f"{HERE}::test_a_day_has_so_many_calls_and_the_next_day_has_them_again"),
    "silence after accepting, a page with HTTP 200, 502": (
        f"{WECHAT}sending.py::test_after_a_fault_we_claim_to_know_only_what_we_know",
        f"{WECHAT}sending.py::test_the_table_of_faults_is_complete"),
    "comments: pages of 49, no openid, one reply, deleted, changing order, no privilege, long numbers": (
        f"{HERE}::test_pitfall_22_calls_about_comments_are_answered_as_wechat_answers_them",
        f"{WECHAT}comments.py::test_pitfall_22_the_order_may_change_from_page_to_page",
        f"{WECHAT}comments.py::test_pitfall_22_one_number_in_two_articles_is_two_comments"),
    "files: gone after three days with HTTP 200, films as an address, a wrong type, a big one": (
        f"{WECHAT}files_and_addresses.py::test_pitfall_12_after_three_days_a_file_is_gone_and_the_error_is_no_picture",
        f"{WECHAT}files_and_addresses.py::test_a_film_is_fetched_from_where_wechat_says_it_is",
        f"{WECHAT}files_and_addresses.py::test_what_is_no_picture_sound_or_film_is_not_taken",
        f"{WECHAT}files_and_addresses.py::test_a_big_file_is_dropped_before_it_is_whole"),
    "attacks, each by its name": (
        "sandbox/test_attacks.py::test_an_attack_is_refused",
        "sandbox/test_attacks.py::test_what_is_strange_is_read_or_said_to_be_unreadable",
        "../faults/test_pushes.py::test_pushes_in_disorder_are_one_row_each_and_forgeries_none"),
    # Weibo
    "since_id, max_id (inclusive), count and page; hidden items make pages short": (
        f"{WEIBO}fetching.py::test_everything_new_is_brought_once",
        f"{WEIBO}fetching.py::test_pitfall_27_a_short_page_is_not_the_end",
        "sandbox/test_demands.py::test_weibos_pages_are_cut_as_weibo_cuts_them"),
    "a hundred calls a day; codes as numbers and as text": (
        f"{WEIBO}fetching.py::test_pitfall_28_a_day_has_so_many_calls_and_no_more",
        f"{WEIBO}sending.py::test_pitfall_28_a_code_ends_in_its_class"),
    "20032, 20019 for the same words, 10016 without rip, an ended token, a post that is gone": (
        f"{WEIBO}sending.py::test_pitfall_28_taken_but_not_yet_visible_is_a_success",
        f"{WEIBO}sending.py::test_pitfall_28_the_same_words_twice_are_refused",
        f"{WEIBO}sending.py::test_a_comment_that_was_taken_back_cannot_be_answered",
        f"{WEIBO}mentions.py::test_an_expired_token_is_an_error_and_no_date",
        "sandbox/test_demands.py::test_weibo_wants_to_know_from_where_a_reply_comes"),
    "pushes signed with the AppSecret, three tries, two messages in one second": (
        f"{WEIBO}pushes.py::test_the_address_check_and_pushes_go_through_our_door",
        f"{WEIBO}pushes.py::test_pitfall_24_two_messages_in_one_second_are_two_and_a_repetition_is_one",
        "sandbox/test_demands.py::test_weibo_asks_three_times_and_then_gives_up"),
    "private replies: data decoded once, 48 hours, one after a mention, none after unfollowing": (
        f"{WEIBO}sending.py::test_pitfall_25_a_private_reply_is_encoded_once_and_within_48_hours",
        f"{WEIBO}sending.py::test_pitfall_30_after_a_mention_one_private_reply_and_no_more",
        f"{WEIBO}sending.py::test_pitfall_30_after_unfollowing_nothing_can_be_delivered_in_private"),
    # the others
    "找错: files with every trap": (
        "sandbox/test_corrections.py::test_pitfall_31_every_way_an_export_comes_is_read_alike",),
    "robots: HTTP 200 with a code, twenty a minute, the signature decoded once, bytes": (
        "sandbox/test_robots.py::test_pitfall_32_wecom_counts_bytes",
        "sandbox/test_robots.py::test_pitfall_32_twenty_a_minute_and_not_more",
        "sandbox/test_robots.py::test_pitfall_32_dingtalk_wants_its_own_signature_encoded_once",
        "sandbox/test_robots.py::test_pitfall_32_feishu_signs_nothing_with_a_key_of_time_and_secret"),
    "accepted by WeRoBot and npm's wechat; its cipher is the fixed vector's": (
        "sandbox/test_node.py::test_three_ciphers_agree_in_both_directions",
        "sandbox/test_independent.py::test_pitfall_3_werobots_cipher_and_ours_agree_in_both_directions",
        f"{WECHAT}signatures.py::test_the_fixed_vector_is_opened"),
}
# fmt: on
CONNECTORS = ROOT / "tests" / "connectors"


@pytest.mark.parametrize("sentence", DEMANDS)
def test_each_demand_is_held_by_tests_that_exist(sentence: str) -> None:
    for address in DEMANDS[sentence]:
        file, _, name = address.partition("::")
        assert name in names_in((CONNECTORS / file).resolve()), address


# ------------------------------------------------------------------ what no other test asks


def test_no_two_seals_of_one_message_are_alike() -> None:
    stand = a_wechat()
    xml = stand.inner_xml("text", CITIZEN)
    pushes = [stand.push_of(xml, CITIZEN) for _ in range(5)]
    assert len({push.body for push in pushes}) == len({push.query["nonce"] for push in pushes}) == 5
    assert {push.query["openid"] for push in pushes} == {CITIZEN}
    assert {push.headers["Content-Type"] for push in pushes} == {"text/xml"}


@pytest.mark.parametrize(
    ("turn", "seen"),
    [
        (lambda body: body, ["已收到"]),
        (lambda body: re.sub(r"(<MsgSignature><!\[CDATA\[)[0-9a-f]{4}", r"\g<1>ffff", body), []),
        (lambda body: body.replace("<TimeStamp>1", "<TimeStamp>2"), []),
        (lambda body: body.replace("<MsgSignature>", "<Signature>"), []),
    ],
    ids=["right", "signature turned", "time turned", "no signature"],
)
def test_an_envelope_is_shown_only_if_it_is_signed_and_for_us(
    turn: Callable[[str], str], seen: list[str]
) -> None:
    def door(request: httpx.Request) -> httpx.Response:
        plain = envelope.text_reply(CITIZEN, stand.original_id, "已收到", NOW)
        return httpx.Response(200, text=turn(envelope.seal(plain, stand.key, stand.app_id, NOW)))

    stand = a_wechat(webhook_url="https://office.example/hook", webhook_transport=httpx.MockTransport(door))
    assert stand.push_text(CITIZEN, "路灯坏了").accepted == bool(seen)
    assert stand.ledger.seen_by(CITIZEN, "receipt") == seen


def test_a_token_is_forced_twenty_times_a_day_and_not_more() -> None:
    tokens, given = Tokens(), []
    for turn in range(25):
        given.append(tokens.stable_token(NOW + timedelta(minutes=turn), force=True)[0])
    assert len(set(given)) == 20
    assert tokens.stable_token(NOW + timedelta(days=1, minutes=1), force=True)[0] not in given


def test_weibos_pages_are_cut_as_weibo_cuts_them() -> None:
    with a_weibo() as stand:
        numbers = [stand.comment(WEIBO_CITIZEN, f"第 {n} 条") for n in range(7)]

        def asked(**query: int) -> list[int]:
            headers = {"Authorization": f"OAuth2 {stand.access_token}"}
            answer = httpx.get(f"{stand.url}/2/comments/to_me.json", params=query, headers=headers)
            return [numbers.index(one["id"]) for one in answer.json()["comments"]]

        assert asked() == [6, 5, 4, 3, 2, 1, 0]
        assert asked(since_id=numbers[2], max_id=numbers[5]) == [5, 4, 3]  # since is left out, max is not
        assert asked(count=3) == [6, 5, 4]
        assert asked(count=3, page=3) == [0]
        stand.hide_comment(numbers[5])
        assert asked(count=3) == [6, 4]


def test_weibo_wants_to_know_from_where_a_reply_comes() -> None:
    with a_weibo() as stand:
        number = stand.comment(WEIBO_CITIZEN, "路灯坏了")
        form = {"cid": str(number), "id": str(max(stand.statuses)), "comment": "已修好"}
        headers = {"Authorization": f"OAuth2 {stand.access_token}"}
        call = f"{stand.url}/2/comments/reply.json"
        assert httpx.post(call, data=form, headers=headers).json()["error_code"] == 10016
        assert httpx.post(call, data={**form, "rip": "203.0.113.9"}, headers=headers).status_code == 200
        del stand.statuses[max(stand.statuses)]  # the post is gone: its comments are listed no more
        listed = httpx.get(f"{stand.url}/2/comments/to_me.json", headers=headers).json()["comments"]
        assert listed == []


def test_weibo_asks_three_times_and_then_gives_up() -> None:
    asked: list[bytes] = []

    def door(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(500)

    stand = a_weibo(webhook_url="https://office.example/hook", webhook_transport=httpx.MockTransport(door))
    assert not stand.push_text(WEIBO_CITIZEN, "想咨询落户")
    assert (len(asked), len(set(asked))) == (3, 1)

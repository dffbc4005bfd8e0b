"""Personal numbers never reach what is kept; all numbers here are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.redact import MASK, redact
from tests.known import texts

PERSONAL = (
    # identity numbers of twelve and of nine digits
    "001099012345",
    "căn cước 001 099 012 345 nhé",
    "căn cước 001.099.012.345",
    "cmnd 123456789",
    "CMND: 123 456 789",
    "CCCD:001099012345,tên A",
    "cccd001099012345",
    # telephones
    "0912345678",
    "0912 345 678",
    "091 234 5678",
    "091.234.5678",
    "0912-345-678",
    "09 12 34 56 78",
    "0 9 1 2 3 4 5 6 7 8",
    "+84912345678",
    "+84 912 345 678",
    "84912345678",
    "(+84) 912345678",
    "(0207) 3822 222",
    "0207.3822.222",
    "gọi 0912345678.",
    "sđt:0912345678",
    "zalo.0912345678",
    "số0912345678",
    "0912345678nhé",
    "０９１２３４５６７８",
    "0912\u200b345\u200b678",
    "0912345678 0987654321",
    "0010990123450912345678",
    # e-mail
    "nguyen.van.a+hs@example.com",
    "mail A_B@mail.example.vn nhé",
    # bank cards and accounts
    "thẻ 4111 1111 1111 1111",
    "thẻ 4111-1111-1111-1111",
    "9704 0512 3456 7890 123",
    "stk 19034567890123",
    # passports
    "hộ chiếu B1234567",
    "hộ chiếu C12345678",
    # number plates
    "22A-123.45",
    "22A12345",
    "22B1-234.56",
    "23F1 12345",
    "xe 23F1-1234",
    "22-B1 123.45",
    "22 B1-123.45",
    # social and health insurance, tax
    "BHXH 2512345678",
    "thẻ BHYT HT2222212345678",
    "MST 0101234567-001",
    # codes and passwords of one account
    "mã otp 123456",
    "OTP: 4829",
    "otp là 123456",
    "mã OTP của tôi là 482913",
    "482913 là mã otp",
    "mật khẩu 12345678",
    "mat khau la 123456",
    "mã xác thực 123456",
    "mã xác nhận của em là 1234",
    "pin 1234",
    "pass 123456",
)
KEPT = (
    "1.001193",
    "thủ tục 2.000908 làm sao",
    "ngày 1/7/2025",
    "01-07-2025",
    "từ 01/01/2026 đến 31/12/2026",
    "1/7/2025.",
    "thông tư 85/2019/TT-BTC",
    "118/2025/NĐ-CP và 202/2025/QH15",
    "15.000 đồng",
    "1.500.000 đồng",
    "10.000.000đ",
    "150000 đồng",
    "15000000 đồng",
    "2,5 triệu",
    "1.870 dịch vụ",
    "mức 3, mức 4",
    "75 tuổi, sinh năm 1950",
    "năm học 2025-2026",
    "năm 2025 2026",
    "gọi 113, 156 hoặc 5656",
    "1900 54 54 81",
    "thửa 123, tờ bản đồ 45, 120,5 m2",
    "mẫu CT01, CT07",
    "phường Hà Giang 1",
    "otp là gì",
    "mất thẻ ATM thì làm sao",
)


@pytest.mark.parametrize("text", texts("redact", *PERSONAL))
def test_personal_numbers_are_masked(text: str) -> None:
    masked = redact(text)
    assert MASK in masked
    assert not _digits_in_a_row(masked, 4), masked


@pytest.mark.parametrize("text", texts("redact: kept", *KEPT))
def test_codes_dates_documents_and_amounts_stay(text: str) -> None:
    assert redact(text) == text


def _digits_in_a_row(text: str, number: int) -> bool:
    bare = "".join(c for c in text if c.isdigit() or c.isalpha())
    return any(bare[i : i + number].isdigit() for i in range(len(bare) - number + 1))


def test_the_words_around_a_number_stay() -> None:
    assert redact("tôi là A, số 0912345678, hỏi khai sinh") == f"tôi là A, số {MASK}, hỏi khai sinh"


def test_a_code_of_a_service_beside_a_telephone_stays() -> None:
    assert redact("1.001193 gọi 0912345678 ngày 1/7/2025") == f"1.001193 gọi {MASK} ngày 1/7/2025"


def test_every_number_of_a_message_is_masked() -> None:
    assert redact("cccd 001099012345 sđt 0912345678 mail a@example.vn").count(MASK) == 3


def test_a_text_without_numbers_stays() -> None:
    text = "Chào anh, em hỏi thủ tục khai sinh ạ! 👶"
    assert redact(text) == text


def test_twenty_thousand_digits_do_no_harm() -> None:
    assert len(redact("9 " * 10_000)) < 20_000


@given(st.text(max_size=80))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(
    st.from_regex(r"0[35789][0-9]{8}", fullmatch=True),
    st.sampled_from(["sđt {}", "{} ạ", "gọi {} nhé", "({})", "số:{}", "«{}»", "{}, {}"]),
)
def test_a_telephone_in_a_sentence_is_never_kept(number: str, sentence: str) -> None:
    assert number not in redact(sentence.format(number, number))


# No group of three noughts: «012.000.000.000» may be an amount of money.
@given(st.from_regex(r"0[0-9]{2}([1-9][0-9]{2}){3}", fullmatch=True), st.sampled_from(["", " ", ".", "-"]))
def test_an_identity_number_is_never_kept_however_it_is_grouped(number: str, between: str) -> None:
    grouped = between.join(number[i : i + 3] for i in range(0, 12, 3))
    assert redact(f"căn cước {grouped} của tôi") == f"căn cước {MASK} của tôi"

"""What headers mean: pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.fetch.web import headers


@given(st.integers(0, 10**17), st.integers(0, 10**17), st.one_of(st.none(), st.integers(0, 10**18 - 1)))
def test_a_content_range_is_read_back_or_makes_no_sense(start: int, length: int, total: int | None) -> None:
    end = start + length
    found = headers.content_range(f"bytes {start}-{end}/{'*' if total is None else total}")
    if total is not None and end >= total:
        assert found is None
    else:
        assert found
        assert (found.start, found.end, found.total) == (start, end, total)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"\A ?bytes[ =]-?[0-9]*-[0-9]*/[0-9*]*\s?\Z")))
def test_whatever_a_content_range_holds_it_is_a_range_in_order_or_none(text: str) -> None:
    found = headers.content_range(text)
    if found:
        assert 0 <= found.start <= found.end
        assert found.total is None or found.end < found.total
        rest = "*" if found.total is None else str(found.total)
        plain = f"bytes {found.start}-{found.end}/{rest}"
        assert [int(n) if n.isdecimal() else n for n in text[6:].replace("/", "-").split("-")] == [
            int(n) if n.isdecimal() else n for n in plain[6:].replace("/", "-").split("-")]


@given(st.text(max_size=60))
def test_a_redirect_leads_to_a_plain_http_url_or_is_refused(location: str) -> None:
    try:
        target = headers.redirect("https://mirror.example/9/os/.treeinfo", location)
    except ValueError:
        return
    assert target.startswith("https://")
    assert target.isascii() and target.isprintable() and " " not in target and "@" not in target.split("/")[2]


@pytest.mark.parametrize(("text", "date", "seconds"), [
    ("120", "", 120.0), ("0", "", 0.0), ("-1", "", None), ("soon", "", None), ("", "", None),
    ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:00 GMT", 59.0),
    ("Fri, 31 Dec 1999 23:59:59 GMT", "", None),
    ("Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:09 GMT", 0.0),
])
def test_retry_after_is_seconds_or_a_date_against_the_answers_own(text: str, date: str, seconds: float | None) -> None:
    assert headers.retry_after(text, date) == seconds


@pytest.mark.parametrize(("text", "length"), [
    ("5", 5), ("5, 5", 5), ("5, 6", None), ("-5", None), ("5x", None), ("", None), ("+5", None), ("9" * 30, None),
    ("٥", None),
])
def test_a_content_length_is_one_plain_number(text: str, length: int | None) -> None:
    assert headers.content_length(text) == length

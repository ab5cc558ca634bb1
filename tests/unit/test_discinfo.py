"""discinfo.read: four lines, as several builders wrote them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import HostileInput
from builder.tree import discinfo
from builder.tree.discinfo import Discinfo

WHERE = "https://mirror.example/os/.discinfo"


def test_centos_7_writes_its_point_release_on_the_second_line() -> None:
    assert discinfo.read(b"1525379451.112078\n7.5\nx86_64\n", WHERE) == Discinfo("1525379451.112078", "7.5", "x86_64")


def test_the_fourth_line_tells_the_discs_and_all_of_them_are_none_in_particular() -> None:
    fedora3 = b"1099519842.860000\nFedora Core 3\nx86_64\n1,2,3,4\nFedora/base\n"
    assert discinfo.read(fedora3, WHERE).discs == (1, 2, 3, 4)
    assert discinfo.read(b"1227142402.812888\nFedora 10\ni386\nALL\n", WHERE).discs == ()


def test_quotes_around_the_description_and_folders_of_the_builder_are_left_out() -> None:
    read = discinfo.read(b'1180278169.239747\n"Fedora 7"\nx86_64\nALL\n/srv/pungi/f7gold\n', WHERE)
    assert read.description == "Fedora 7"


def test_crlf_line_ends_read_like_lf() -> None:
    assert discinfo.read(b"1.5\r\n7.5\r\nx86_64\r\n", WHERE) == Discinfo("1.5", "7.5", "x86_64")


@pytest.mark.parametrize(("data", "told"), [
    (b"", "empty"),
    (b"yesterday\n7.5\nx86_64\n", "line 1"),
    (b"1e9\n7.5\nx86_64\n", "line 1"),
    (b"1525379451.1\n\nx86_64\n", "line 2"),
    (b"1525379451.1\n7.5\n", "line 3"),
    (b"1525379451.1\n7.5\nx86 64\n", "line 3"),
    (b"1525379451.1\n7.5\nx86_64\none\n", "line 4"),
    (b"1525379451.1\n7.5\x1b[2J\nx86_64\n", "control character"),
    (b"<html><title>Login</title></html>", 'an HTML page with the title "Login"'),
    (b"1.5\n7.5\nx86_64\n" + b"#" * 70_000, "at most 65536 bytes"),
])
def test_what_is_no_discinfo_is_refused_with_its_line(data: bytes, told: str) -> None:
    with pytest.raises(HostileInput) as caught:
        discinfo.read(data, WHERE)
    assert caught.value.message.startswith(f"{WHERE}: ") and told in caught.value.message


@given(st.binary(max_size=100))
def test_any_bytes_are_a_discinfo_or_hostile_and_nothing_else(data: bytes) -> None:
    try:
        discinfo.read(data, WHERE)
    except HostileInput as refused:
        assert refused.message.startswith(WHERE)

"""The grammar of xl.cfg: what is written, and what is refused because xl would read it otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.outputs import xl


@pytest.mark.parametrize(("text", "written"), [
    ("plain", '"plain"'),
    ("", '""'),
    ("it's", '"it\'s"'),
    ('a"b', '"a\\"b"'),
    ("a\\b", '"a\\\\b"'),
    ("inst.stage2=hd:LABEL=CentOS\\x207\\x20x86_64", '"inst.stage2=hd:LABEL=CentOS\\\\x207\\\\x20x86_64"'),
    ("ende\\", '"ende\\\\"'),
    ("# no comment; no = setting", '"# no comment; no = setting"'),
    ("žluťoučký", '"žluťoučký"'),
])
def test_a_string_is_quoted_with_two_escapes_only(text, written):
    assert xl.quote(text) == written


@pytest.mark.parametrize("text", ["a\nb", "a\r", "\0", "tab\there", "\x7f", "\x1b[31m", "\u2028", "\ud800"])
def test_what_xl_cannot_carry_is_refused(text):
    with pytest.raises(ValueError, match=r"holds a control character, which xl\.cfg cannot carry"):
        xl.quote(text)


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" ")))
def test_a_quoted_string_never_ends_early(text):
    body = xl.quote(text)[1:-1]
    assert '"' not in body.replace("\\\\", "").replace('\\"', "")
    assert body.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\") == text


def test_a_file_has_comments_then_settings_and_always_ends_with_a_newline():
    assert xl.config(["web1: safe", ""], [("name", "web1"), ("memory", 512), ("disk", ["a=b"]), ("vif", [])]) == (
        '# web1: safe\n#\n\nname = "web1"\nmemory = 512\ndisk = [ "a=b" ]\nvif = [  ]\n')


@pytest.mark.parametrize(("settings", "reason"), [
    ([("Name", "a")], "is no key of xl.cfg"),
    ([("na me", "a")], "is no key of xl.cfg"),
    ([("name", "a"), ("name", "b")], "name is set twice; xl takes the last in silence"),
    ([("memory", -1)], "memory: -1 is no number of xl.cfg"),
])
def test_a_setting_that_xl_would_misread_is_refused(settings, reason):
    with pytest.raises(ValueError, match=reason):
        xl.config([], settings)


def test_a_comment_cannot_become_a_setting():
    with pytest.raises(ValueError, match="which a comment cannot carry"):
        xl.config(["web1\non_reboot = 'restart'"], [])


def test_a_disk_names_its_target_last():
    assert xl.disk(vdev="xvda", target="/dev/vg0/web1") == "format=raw,vdev=xvda,access=rw,target=/dev/vg0/web1"


@pytest.mark.parametrize("target", ["/a,access=ro", "/a b", "/a'b", '/a"b', "/a\\b", "/a\nb", "/a\tb", "relative", ""])
def test_a_disk_target_that_xl_would_split_is_refused(target):
    with pytest.raises(ValueError, match=r"target|absolute path"):
        xl.disk(vdev="xvda", target=target)


@pytest.mark.parametrize("vdev", ["vda", "by-id/ata-1", "xvda1,", "", "XVDA"])
def test_a_disk_that_no_xen_guest_has_is_refused(vdev):
    with pytest.raises(ValueError, match="is no disk of a Xen guest"):
        xl.disk(vdev=vdev, target="/a")


def test_a_card_is_written_with_mac_and_bridge():
    assert xl.vif(mac="00:16:3e:03:9c:56", bridge="xenbr0") == "mac=00:16:3e:03:9c:56,bridge=xenbr0"


@pytest.mark.parametrize("bridge", ["xenbr0,script=evil", "a b", "", "a\nb"])
def test_a_bridge_that_would_become_another_setting_is_refused(bridge):
    with pytest.raises(ValueError, match="bridge"):
        xl.vif(mac="00:16:3e:03:9c:56", bridge=bridge)


def test_a_label_with_escaped_blanks_keeps_its_backslashes():
    # REFERENCE 7, vector 40: a single \x20 is a hard parse error in xl.cfg.
    line = r"inst.stage2=hd:LABEL=CentOS\x207\x20x86_64"
    assert xl.quote(line) == r'"inst.stage2=hd:LABEL=CentOS\\x207\\x20x86_64"'

"""Texts of two sides: alike changes are told once, comments about keys and secrets are told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.kickstart.render import Kickstarts
from builder.jobs.comparing.texts import marks, own, packages, pairs
from builder.jobs.comparing.texts.groups import MOST
from builder.jobs.comparing.texts.own import Own, Owners
from builder.jobs.comparing.texts.pairs import Found, Texts
from builder.jobs.comparing.texts.shelf import MOST_KINDS, Shelf
from builder.profile.secrets import Secret
from builder.profile.values import Origin
from tests.unit.samples import HASH, host, link, plan, profile, routes, user
from tests.unit.test_text_lines import TEXTS, applied

URL = "http://mirror.example/os"


def texts(found: Mapping[str, str], *, ident: str = "", secrets: tuple[Secret, ...] = (),
          owners: Owners | None = None) -> Texts:
    shelf = Shelf()
    for path, text in found.items():
        shelf.put(path, text)
    names = {match[1] for path in found if (match := own.FOLDER.search(path))}
    return Texts(shelf=shelf, owners=owners or own.owners((), names, found.get("private/hosts.tsv", "")), ident=ident,
                 secrets=secrets)


def compared(old: Mapping[str, str], new: Mapping[str, str], **more: bool) -> Found:
    return pairs.compare(texts(old), texts(new), **more)


def fleet(count: int, text: str, name: str = "ks.cfg") -> dict[str, str]:
    return {f"hosts/h{number}/{name}": text.replace("HOST", f"h{number}") for number in range(count)}


def lines_of(found: Found) -> list[list[str]]:
    return [[line for hunk in group.hunks for line in hunk.changed] for group in found.groups]


def kickstart(origins: Mapping[str, Origin] | None = None, **changes: object) -> str:
    made = profile("rocky-9.6", outputs=("libvirt",), users=(user(password_hash=HASH),), origins=origins or {}, **changes)
    return Kickstarts(made, install_url=URL, machine="kvm").of(made.hosts[0])


# Grouping

def test_the_same_change_in_many_hosts_is_told_once_with_the_lines_of_the_first() -> None:
    old, new = fleet(412, "network --hostname=HOST\nselinux --permissive\n"), fleet(
        412, "network --hostname=HOST\nselinux --enforcing\n")
    new["hosts/h7/ks.cfg"] = old["hosts/h7/ks.cfg"]
    found = compared(old, new)
    (group,) = found.groups
    assert (found.pairs, found.same, found.changed, found.kickstarts) == (412, 1, 411, 412)
    assert len(group.hosts) == 411 and not group.varied and (group.removed, group.added) == (1, 1)
    assert lines_of(found) == [["-selinux --permissive\n", "+selinux --enforcing\n"]]


def test_a_line_with_the_host_s_own_name_and_addresses_in_it_is_the_same_change() -> None:
    hosts = [host(name=f"h{n}", hostname=f"h{n}.example.com", network=plan(link(
        mac=f"52:54:00:00:00:0{n}", addresses=(f"192.0.2.1{n}/24",)))) for n in range(1, 4)]
    owners = own.owners(hosts)
    text = "ip={0.hostname} {1.mac} {1.addresses[0].ip} mtu=1500\n"
    old = {f"hosts/{each.name}/cmdline": text.format(each, each.network.links[0]) for each in hosts}
    new = {path: each.replace("1500", "9000") for path, each in old.items()}
    found = pairs.compare(texts(old, owners=owners), texts(new, owners=owners))
    (group,) = found.groups
    assert group.hosts == ["h1", "h2", "h3"] and group.varied
    assert lines_of(found)[0][0] == "-ip=h1.example.com 52:54:00:00:00:01 192.0.2.11 mtu=1500\n"


def test_two_changes_of_two_kinds_are_two_groups_even_where_their_values_are_addresses() -> None:
    text = "network --nameserver=10.0.0.1 --hostname=HOST\n"
    new = fleet(4, text.replace("10.0.0.1", "10.0.0.2")) | {
        path: each.replace("10.0.0.1", "10.0.0.3") for path, each in fleet(2, text).items()}
    found = compared(fleet(4, text), new)
    assert [group.hosts for group in found.groups] == [["h0", "h1"], ["h2", "h3"]]


def test_a_host_that_moves_does_not_look_as_if_it_stayed() -> None:
    before, after = Own({"name": "h1", "mac0": "52:54:00:00:00:01"}), Own({"name": "h1", "mac0": "52:54:00:00:00:02"})
    old, new = own.taken_out(["-mac 52:54:00:00:00:01\n", "+mac 52:54:00:00:00:02\n"], before, after)
    assert old[1:] != new[1:]
    stays = own.taken_out(["-a 52:54:00:00:00:01\n", "+b 52:54:00:00:00:01\n"], before, before)
    assert stays[0][2:] == stays[1][2:]


def test_a_short_name_is_taken_out_as_a_word_only() -> None:
    (line,) = own.taken_out(["+selinux --disabled a a.cfg 10.0.0.1 10.0.0.10\n"], Own({}),
                            Own({"name": "a", "address0": "10.0.0.1"}))
    assert re.sub("\x01[^\x02]*\x02", "@", line) == "+selinux --disabled @ @.cfg @ 10.0.0.10\n"


def test_both_configurations_of_a_guest_and_the_copies_of_a_menu_are_one_change() -> None:
    old = fleet(3, "memory = 1\n", "a.cfg") | fleet(3, "x\nmemory = 1\n", "b.cfg") | {"menu": "y\n", "grub/menu": "y\n"}
    new = {path: text.replace("1\n", "2\n").replace("y", "z") for path, text in old.items()}
    found = compared(old, new)
    assert [(group.paths, group.hosts, group.texts) for group in found.groups] == [
        (["grub/menu", "menu"], [], 2), (["hosts/NAME/a.cfg", "hosts/NAME/b.cfg"], ["h0", "h1", "h2"], 6)]


def test_configurations_that_change_in_other_hosts_are_not_put_together() -> None:
    old = fleet(3, "memory = 1\n", "a.cfg") | fleet(3, "memory = 1\n", "b.cfg")
    new = {path: text if path == "hosts/h0/b.cfg" else text.replace("1", "2") for path, text in old.items()}
    assert [group.hosts for group in compared(old, new).groups] == [["h0", "h1", "h2"], ["h1", "h2"]]


def test_kickstarts_come_first_and_changes_beyond_the_limit_are_counted() -> None:
    old = {**fleet(MOST + 5, "x\n"), "a": "x\n"}
    new = {path: f"y{number}\n" for number, path in enumerate(old)}
    found = compared(old, new)
    assert len(found.groups) == MOST and found.more == 6 and found.changed == MOST + 6
    assert found.groups[-1].paths == ["a"] and all(group.kickstart for group in found.groups[:-1])


def test_a_text_of_one_side_is_told_unless_its_host_went_with_it() -> None:
    old = {"hosts/h1/ks.cfg": "x\n", "hosts/h1/h1.xml": "x\n", "hosts/h2/ks.cfg": "x\n", "up.sh": "x\n"}
    new = {"hosts/h1/ks.cfg": "x\n", "hosts/h1/cmdline": "x\n", "hosts/h3/ks.cfg": "x\n"}
    found = compared(old, new)
    assert found.gone == {"hosts/NAME/NAME.xml": ["h1"], "up.sh": []} and found.come == {"hosts/NAME/cmdline": ["h1"]}


# What a path is

def test_pointers_and_kickstarts_at_secret_paths_meet_by_the_machine_they_are_for() -> None:
    token = "a2" * 16
    owners = own.owners([host(name="c1", network=plan(
        link(name="eno1", mac="b8:59:9f:00:01:01", addresses=("10.20.1.1/16",)),
        link(name="eno2", mac="b8:59:9f:00:01:02")))],
        table=f"name\tmac\taddress\tkickstart\nc1\t-\t-\tks/{token}/ks.cfg\n")
    assert [owners.of(path) for path in (
        "http/mac/b8-59-9f-00-01-01/boot.ipxe", "http/mac/b8-59-9f-00-01-02/boot.ipxe",
        "tftp/bios/pxelinux.cfg/01-b8-59-9f-00-01-01", "tftp/bios/pxelinux.cfg/0A140101",
        f"http/b/5f2c91ab/ks/{token}/ks.cfg", "private/hosts/c1/cmdline", "dhcp/dnsmasq.conf",
        "http/mac/b8-59-9f-00-01-03/boot.ipxe")] == [
        ("c1", "http/mac/MAC/boot.ipxe"), ("c1", "http/mac/MAC1/boot.ipxe"),
        ("c1", "tftp/bios/pxelinux.cfg/01-MAC"), ("c1", "tftp/bios/pxelinux.cfg/IP"),
        ("c1", "http/b/5f2c91ab/ks/TOKEN/ks.cfg"), ("c1", "private/hosts/NAME/cmdline"), ("", "dhcp/dnsmasq.conf"),
        ("", "http/mac/b8-59-9f-00-01-03/boot.ipxe")]


def test_the_id_of_a_bundle_is_no_change() -> None:
    old, new = {"http/b/5f2c91ab/menu": "at /b/5f2c91ab/x\nid 5f2c91ab\n"}, {"http/b/00ff00ff/menu": "at /b/00ff00ff/x\nid 00ff00ff\n"}
    found = pairs.compare(texts(old, ident="5f2c91ab"), texts(new, ident="00ff00ff"))
    assert (found.pairs, found.same) == (1, 1)


# Comments

def test_where_a_key_stands_is_no_change_and_the_keys_that_made_a_line_are_none_either() -> None:
    here, there = Origin("web.toml", 4), Origin("site.toml", 12)
    old = kickstart({"timezone": here, "packages": here})
    new = kickstart({"timezone": there, "root.password": there})
    found = compared({"hosts/h1/ks.cfg": old}, {"hosts/h1/ks.cfg": new})
    assert old != new and found.comments == 1 and not found.groups and found.changed == 0


def test_a_comment_beside_a_real_change_neither_counts_nor_spoils_the_numbers() -> None:
    old = kickstart({"timezone": Origin("web.toml", 4)})
    new = kickstart({"timezone": Origin("web.toml", 9), "selinux": Origin("web.toml", 2)}, selinux="permissive")
    (group,) = compared({"hosts/h1/ks.cfg": old}, {"hosts/h1/ks.cfg": new}).groups
    assert [line for hunk in group.hunks for line in hunk.changed] == ["-selinux --enforcing\n", "+selinux --permissive\n"]
    told = applied(group.hunks, "".join(marks.mark(old, ()).lines))
    assert marks.bare(told) == marks.bare("".join(marks.mark(new, ()).lines))


def test_every_comment_that_pinboot_writes_above_a_group_is_known_as_one() -> None:
    text = kickstart({"timezone": Origin("a dir/web.toml", 4), "root.password": Origin("--set", 0)},
                     hosts=(host(network=plan(link(mac="52:54:00:00:00:01", addresses=("192.0.2.10/24",), gateways=(
                         "192.0.2.1",), routes=routes(("198.51.100.0/24", "192.0.2.9"))))),))
    found, outside = marks.mark(text, ()), True
    others = []
    for number, line in enumerate(found.lines):
        outside = not re.match("%(pre|post)", line) if line.startswith("%") else outside
        if outside and line.startswith("#") and number not in found.comments:
            others.append(line)
    assert others == [found.lines[1]] and "Above each group" in others[0]


def test_comments_of_a_user_s_own_kickstart_count() -> None:
    found = compared({"hosts/h1/ks.cfg": "# disk (old)\nreboot\n"}, {"hosts/h1/ks.cfg": "# disk (new)\nreboot\n"})
    assert lines_of(found) == [["-# disk (old)\n", "+# disk (new)\n"]]


# Secrets

SECRETS: list[tuple[str, str]] = [
    (f"rootpw --iscrypted {HASH}", HASH), ("part / --encrypted --passphrase=hunter2hunter2", "hunter2hunter2"),
    ("rhsm --organization=12345678 --activation-key=abcdefgh", "abcdefgh"),
    ("rhsm --organization=12345678 --activation-key=abcdefgh", "12345678"),
    ("# pinboot-secret luks correct horse", "correct horse"), ("url --url=http://me:pass1234@mirror/os", "pass1234"),
    ("inst.ks=http://s/b/ID/ks/" + "b3" * 16 + "/ks.cfg", "b3" * 16), ("echo known-only-to-the-profile", "known-only-to-the-profile"),
]


@pytest.mark.parametrize(("line", "secret"), SECRETS, ids=range(len(SECRETS)))
def test_a_secret_is_never_told_and_its_change_is(line: str, secret: str) -> None:
    other = f"{secret[:-4]}zzzz"
    known = (Secret("known-only-to-the-profile"), Secret("known-only-to-the-prozzzz"))
    old = texts({"hosts/h1/ks.cfg": f"reboot\n{line}\n", "hosts/h1/b": f"reboot\n{line}\n"}, secrets=known)
    new = texts({"hosts/h1/ks.cfg": f"reboot\n{line}\n".replace(secret, other),
                 "hosts/h1/b": f"poweroff\n{line}\n".replace(secret, other)}, secrets=known)
    found = pairs.compare(old, new)
    (group,) = found.groups
    assert found.secrets == 1 and group.secret
    told = "".join(line for hunk in group.hunks for line in hunk.lines)
    assert secret not in told and other not in told and "+poweroff\n" in told


def test_a_secret_that_stays_is_no_change_beside_one_that_is() -> None:
    text = f"rootpw --iscrypted {HASH}\nreboot\n"
    (group,) = compared({"hosts/h1/ks.cfg": text}, {"hosts/h1/ks.cfg": text.replace("reboot", "halt")}).groups
    assert not group.secret


def test_a_secret_of_one_letter_is_struck_out_as_a_word_and_leaves_the_rest() -> None:
    text = "register web web1 --key=web\nreboot\n"
    old, new = (texts({"hosts/h1/ks.cfg": text.replace("reboot", word)}, secrets=(Secret("web"),)) for word in ("reboot", "halt"))
    (group,) = pairs.compare(old, new).groups
    assert group.hunks[0].lines[0] == " register (redacted) web1 --key=(redacted)\n"


def test_what_may_hold_a_secret_anywhere_is_counted_and_not_shown() -> None:
    (group,) = compared(fleet(2, "a\nb\n"), fleet(2, "c\nd\n"), concealed=True).groups
    assert group.concealed and group.hunks == () and (group.removed, group.added) == (2, 2)
    (other,) = compared(fleet(2, "a\n", "x.cfg"), fleet(2, "b\n", "x.cfg"), concealed=True).groups
    assert not other.concealed and other.hunks


# Packages

def test_packages_that_kickstarts_ask_for_are_told_by_hosts() -> None:
    text = "%packages --ignoremissing\n@core\n-postfix # why\n\nvim\n%end\n%post\nnotapackage\n%end\n"
    new = fleet(3, text.replace("vim", "tuned\nvim")) | {"hosts/h2/ks.cfg": text.replace("-postfix # why\n", "")}
    assert compared(fleet(3, text), new).packages == {((), ("tuned",)): ["h0", "h1"], (("-postfix",), ()): ["h2"]}
    assert list(packages.listed(text.splitlines())) == ["@core", "-postfix", "vim"]


# The shelf, and everything together

PATHS = st.from_regex(r"[a-c]{1,3}(/[a-c.]{1,4}){0,2}(/[0-9A-F]{8})?", fullmatch=True)


@given(st.dictionaries(PATHS, st.binary(max_size=60) | st.just(b"kickstart\n" * 9000), max_size=2 * MOST_KINDS))
def test_a_shelf_gives_back_every_text_to_the_byte(found: dict[str, bytes]) -> None:
    shelf = Shelf()
    for path, data in found.items():
        shelf.put(path, data.decode("utf-8", "surrogateescape"))
    assert {path: (shelf.get(path) or "").encode("utf-8", "surrogateescape") for path in shelf} == found
    assert shelf.get("not/there") is None


def test_a_shelf_of_more_kinds_than_it_keeps_first_texts_of_gives_back_all() -> None:
    shelf, found = Shelf(), {f"{chr(97 + n % 26)}{'x' * (n // 26)}z": f"text {n}\n" * n for n in range(4 * MOST_KINDS)}
    for path, text in found.items():
        shelf.put(path, text)
    assert {path: shelf.get(path) for path in shelf} == found


@given(TEXTS, TEXTS)
def test_the_told_changes_applied_to_the_old_text_give_the_new_one(old: str, new: str) -> None:
    found = compared({"up.sh": old}, {"up.sh": new})
    told = [hunk for group in found.groups for hunk in group.hunks]
    assert applied(told, old) == new and (found.same == 1) == (old == new)


EDITS: list[Callable[[str], str]] = [
    lambda text: text.replace("selinux --enforcing", "selinux --permissive"),
    lambda text: text.replace("%end", "%end\n", 1), lambda text: text.replace("reboot\n", ""),
    lambda text: text.replace("(default)", "(web.toml line 3)"), lambda text: text + "%post\n# a (b)\n%end\n",
    lambda text: text.replace("lang ", "lang  "), lambda text: text.replace("\n", "\n\n", 5),
]


@given(st.lists(st.sampled_from(EDITS), max_size=4))
def test_a_kickstart_with_its_told_changes_is_the_other_one_but_for_comments(edits: list[Callable[[str], str]]) -> None:
    new = GENERATED
    for edit in edits:
        new = edit(new)
    found = compared({"hosts/h1/ks.cfg": GENERATED}, {"hosts/h1/ks.cfg": new})
    told = [hunk for group in found.groups for hunk in group.hunks]
    shown = ["".join(marks.mark(text, ()).lines) for text in (GENERATED, new)]
    assert marks.bare(applied(told, shown[0])) == marks.bare(shown[1])
    assert bool(told) == (marks.bare(GENERATED) != marks.bare(new))


GENERATED = kickstart()

"""What must change between two releases: each row of the table, what a person must do, and the text that comes out."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykickstart.base import RemovedCommand
from pykickstart.version import makeVersion

from builder.boot.review import reading
from builder.catalog.generation import GENERATIONS
from builder.lint.kickstart import target
from builder.lint.kickstart.changes import bodies, compare, names, patch, rows
from builder.lint.kickstart.changes.compare import Comparison
from builder.lint.kickstart.text import letters
from tests.unit import samples
from tests.unit.kickstarts import CLEAN, GOOD

OTHERS = [(a, b) for a, b in itertools.permutations(GENERATIONS, 2)]
YESCRYPT = "$y$j9T$" + "a" * 22 + "$" + "b" * 43


def diff(text: str, source: str = "el7", to: str = "el9") -> Comparison:
    return compare.compare(letters.read(text.encode(), "my.ks"), target.parse(source), target.parse(to), "my.ks")


def changed(line: str, source: str = "el7", to: str = "el9") -> str:
    """What one line becomes; nothing else may be said of it."""
    found = diff(f"{line}\n", source, to)
    assert {change.state for change in found.changes} <= {"done"}, found.changes
    return found.text.removesuffix("\n")


@pytest.mark.parametrize(("line", "source", "to", "wanted"), [
    ("install", "el7", "el8", ""), ("install # fresh", "el7", "el9", ""),
    ("authconfig --enableshadow --passalgo=sha512", "el7", "el8", "authselect select sssd"),
    ("auth --useshadow --enablemd5", "el6", "el9", ""),
    ("auth --enableshadow --enablemkhomedir --enablefingerprint", "el7", "el10",
     "authselect select sssd with-mkhomedir with-fingerprint"),
    ("authselect select sssd", "el8", "el7", "authconfig --enableshadow --passalgo=sha512"),
    ("timezone --isUtc Europe/Prague", "el7", "el9", "timezone --utc Europe/Prague"),
    ("timezone --utc --ntpservers=a.example,b.example Etc/UTC # t", "el7", "el9",
     "timezone --utc Etc/UTC # t\ntimesource --ntp-server=a.example\ntimesource --ntp-server=b.example"),
    ("timezone Etc/UTC --nontp", "el8", "fedora-42", "timezone Etc/UTC\ntimesource --ntp-disable"),
    ("timezone Etc/UTC --utc --ntpservers=a", "el7", "el6", "timezone Etc/UTC --utc"),
    ("repo --name=a --baseurl=https://192.0.2.5/a --ignoregroups=yes", "el8", "el10",
     "repo --name=a --baseurl=https://192.0.2.5/a"),
    ("logging --host=192.0.2.1 --level=debug", "el7", "el10", "logging --host=192.0.2.1"),
    ("logging --level=info", "el6", "el9", ""),
    ("part / --size=1 --active --fstype=xfs", "el7", "el9", "part / --size=1 --fstype=xfs"),
    ("ignoredisk --interactive", "el7", "el9", ""), ("zerombr yes", "el6", "el7", "zerombr"),
    ("rootpw --allow-ssh --lock", "el9", "el8", "rootpw --lock"),
    ("text --non-interactive", "el9", "el7", "cmdline"), ("eula --agreed", "el7", "el6", ""),
    ("module --name=nodejs --stream=18", "el9", "el10", ""), ("rhsm --organization=1 --activation-key=a", "el9",
                                                             "fedora", ""),
    ("xconfig --startxonboot --depth=24 --resolution=800x600", "el6", "el7", "xconfig --startxonboot"),
    ("services --enabled=ntpd,sshd --disabled=cups", "el7", "el8", "services --enabled=chronyd,sshd --disabled=cups"),
    ("%packages --nobase --instLangs=en\n@core\n%end", "el6", "el9", "%packages --inst-langs=en\n@core\n%end"),
    ("%packages --excludeWeakdeps\n@core\n%end", "el8", "el10", "%packages --exclude-weakdeps\n@core\n%end"),
    ("%packages --exclude-weakdeps --inst-langs=en\n@core\n%end", "el9", "el7",
     "%packages --instLangs=en\n@core\n%end"),
    ("%packages --nobase\n@^minimal\nntp\nlibselinux-python\n-ntp\n%end", "el7", "el9",
     "%packages\n@^minimal-environment\nchrony\npython3-libselinux\n-ntp\n%end"),
    ("%packages --nobase\nkexec-tools # dumps\n%end", "el7", "el10", "%packages\nkdump-utils # dumps\n%end"),
    ("%traceback\nx\n%end", "el8", "el9", "%onerror\nx\n%end"),
    ("%onerror\nx\n%end", "el7", "el6", "%traceback\nx\n%end"),
    ("text\n%anaconda\npwpolicy root --minlen=6\n%end\nskipx", "el9", "el10", "text\nskipx"),
    ("%post\necho\n\n", "el6", "el7", "%post\necho\n%end\n\n"), ("rootpw --lock", "el9", "el6", "rootpw --lock --iscrypted *"),
    ("%packages --nobase\n@core\n%post\necho", "el6", "el7", "%packages\n@core\n%end\n%post\necho\n%end"),
    ("url --url=http://vault.centos.org/7.9.2009/os/x86_64", "centos-7", "rocky-9",
     "url --url=http://vault.centos.org/7.9.2009/os/x86_64"),
    ("url --url=https://vault.centos.org/centos/7/os/x86_64", "centos-7", "rocky-9",
     "url --url=https://download.rockylinux.org/pub/rocky/9/BaseOS/x86_64/os"),
    ("repo --name=a --baseurl=https://repo.almalinux.org/almalinux/8/AppStream/x86_64/os/", "alma-8", "alma-9",
     "repo --name=a --baseurl=https://repo.almalinux.org/almalinux/9/AppStream/x86_64/os/"),
])
def test_a_word_that_went_has_its_replacement(line: str, source: str, to: str, wanted: str) -> None:
    assert changed(line, source, to) == wanted


@pytest.mark.parametrize(("line", "source", "to", "said"), [
    ("auth --enableldap --ldapserver=a", "el7", "el9", "authselect sets up no --enableldap, --ldapserver"),
    ("btrfs none --label=a btrfs.1", "el7", "el8", "no file system of this release's kernel"),
    ("part / --size=1 --fstype=btrfs", "el7", "el9", "no file system of this release's kernel"),
    ("vnc --password=geheim", "el9", "el10", "rdp --username=NAME"), ("upgrade", "el6", "el7", "only installs anew"),
    ("network --device=team0 --teamslaves=a", "el9", "el10", "EL10 has no teamd"),
    ("harddrive --biospart=80 --dir=/x", "el7", "el9", "--partition=NAME"),
    ("sshkey --username=root \"ssh-ed25519 A\"", "el9", "el7", "%post script writes authorized_keys"),
    ("timesource --ntp-server=a", "el9", "el8", "timezone --ntpservers=A,B on one line"),
    (f"rootpw --iscrypted {YESCRYPT}", "el9", "el8", "cannot check a yescrypt hash"),
    ("reqpart", "el7", "el6", "EL6 refuses it"), ("nosuchword", "el7", "el9", "EL9 refuses it"),
    ("bootloader --append=\"quiet", "el7", "el9", "no release reads it"),
    ("%post\ncat <<EOF\n%packages\nEOF\n%end", "el7", "el9", "cuts the here-document EOF off"),
    ("%certificate --dir=/a --filename=b\nx\n%end", "el9", "el8", "%certificate is unknown to EL8"),
    ("%packages --nobase\nnetwork-scripts\n%end", "el8", "el9", "NetworkManager alone since EL9"),
    ("url --url=http://mirror.lan/centos/7/os/x86_64", "centos-7", "rocky-9",
     "the tree on your own server, or https://download.rockylinux.org/pub/rocky/9/BaseOS/x86_64/os"),
    ("repo --name=epel --baseurl=https://192.0.2.5/epel/7/x86_64", "el7", "el9", "epel/7 is not EL9"),
])
def test_what_cannot_be_converted_is_said_with_what_to_do(line: str, source: str, to: str, said: str) -> None:
    found = diff(f"{line}\n", source, to)
    hand = found.having("hand")
    assert len(hand) == 1, found.changes
    assert said in "; ".join(hand[0].why)
    assert found.text == f"{line}\n" or found.having("done")


@pytest.mark.parametrize(("line", "source", "to", "new"), [
    (f"rootpw --iscrypted {samples.HASH}", "el8", "el9", f"rootpw --allow-ssh --iscrypted {samples.HASH}"),
    ("selinux --disabled", "el7", "el9", "selinux --permissive"),
    ("network --device=eth0 --bootproto=dhcp", "el6", "el8", "network --device=link --bootproto=dhcp"),
    ("part / --size=1 --fstype=xfs", "el9", "el10", "reqpart"),
])
def test_what_is_read_otherwise_is_to_be_looked_at_and_not_changed(line: str, source: str, to: str, new: str) -> None:
    found = diff(f"{line}\n", source, to)
    assert [(change.state, change.new[0]) for change in found.changes] == [("look", new)]
    assert found.text == f"{line}\n"
    assert diff(f"{line}\n", source, source).changes == ()


@pytest.mark.parametrize(("line", "source", "to"), [
    ("%packages\n@core\n%end", "el6", "el7"), ("part / --size=1", "el6", "el7"),
    ("autopart --encrypted --passphrase=geheim", "el7", "el8"),
])
def test_another_default_is_a_note(line: str, source: str, to: str) -> None:
    found = diff(f"{line}\n", source, to)
    assert {change.state for change in found.changes} == {"note"}
    assert found.text == f"{line}\n"


@pytest.mark.parametrize("release", list(GENERATIONS))
def test_between_a_release_and_itself_nothing_changes(release: str) -> None:
    found = diff(CLEAN[release], release, release)
    assert (found.changes, found.text) == ((), CLEAN[release])


def test_a_card_whose_old_name_the_boot_line_keeps_is_no_change() -> None:
    text = "network --device=eth0 --bootproto=dhcp\nbootloader --append=\"net.ifnames=0\"\n"
    assert diff(text, "el6", "el7").changes == ()


def test_two_auth_lines_make_one_authselect() -> None:
    found = diff("auth --useshadow\nauthconfig --enableshadow\n", "el6", "el8")
    assert found.text == "authselect select sssd\n"


def test_line_ends_and_everything_else_stay_as_they_were() -> None:
    text = "# caf\u00e9\r\ninstall\r\ntimezone  --isUtc\tEtc/UTC\r\n\r\nskipx"
    assert diff(text).text == "# caf\u00e9\r\ntimezone  --utc\tEtc/UTC\r\n\r\nskipx"


# The table is complete, and right


@functools.cache
def _known(version: str) -> dict[str, dict[str, bool] | None]:
    """Commands of a handler (None: removed) and their options, with whether each is deprecated."""
    found: dict[str, dict[str, bool] | None] = {}
    for name, command in makeVersion(version).commands.items():
        if isinstance(command, RemovedCommand):
            found[name] = None
        else:
            actions: list[Any] = getattr(getattr(command, "op", None), "_actions", [])
            found[name] = {option: bool(action.deprecated) for action in actions for option in action.option_strings}
    return found


def _gone(earlier: str, later: str) -> set[tuple[str, str]]:
    """(command, option) that `earlier` takes without a word and `later` refuses or deprecates; option empty: all."""
    old, new = _known(GENERATIONS[earlier].handler), _known(GENERATIONS[later].handler)
    gone: set[tuple[str, str]] = set()
    for name, options in old.items():
        if options is None:
            continue
        left = new.get(name)
        if left is None:
            gone.add((name, ""))
        elif left or not options:
            gone |= {(name, option) for option, deprecated in options.items()
                     if not deprecated and left.get(option, True)}
    return gone


@pytest.mark.parametrize(("earlier", "later"), [pair for pair in OTHERS
                                                if list(GENERATIONS).index(pair[0]) < list(GENERATIONS).index(pair[1])])
def test_the_table_has_a_row_for_every_word_that_went_between_two_releases(earlier: str, later: str) -> None:
    gone = _gone(earlier, later)
    assert gone or (earlier, later) == ("el6", "el7") or gone == set()
    for name, option in gone:
        assert any(row.command == name and row.option in ("", option) and later in row.where for row in rows.ROWS), (
            name, option)


@pytest.mark.parametrize("row", [row for row in (*rows.ROWS, *bodies.HEADERS) if row.edit is not None],
                         ids=lambda row: f"{row.command} {row.option} {row.where[0]}")
def test_what_a_row_puts_in_place_is_taken_by_every_release_that_it_is_for(row: rows.Row) -> None:
    value = {"--ntpservers": "=a", "--instLangs": "=en", "--inst-langs": "=en", "--type": "=lvm", "--level": "=info",
             "--ignoregroups": "=x"}.get(row.option, "")
    more = {"timezone": " Etc/UTC", "part": " / --size=1", "partition": " / --size=1", "repo":
            " --name=a --baseurl=https://192.0.2.5/a", "rootpw": "" if row.option == "--lock" else " x", "ignoredisk": ""}.get(row.command, "")
    word = f" {row.option}{value}" if row.option else ""
    line = f"{row.command}{word}{more}"
    assert row.edit is not None
    made = "".join(f"{each}\n" for each in row.edit(line))
    if row.command.startswith("%"):
        made += "x\n%end\n"
    for generation in row.where:
        found = reading.read(made, GENERATIONS[generation].handler)
        assert not found.mistakes, (generation, made, found.mistakes)
        assert not [said for said in found.warnings if said.deprecated], (generation, made)


def test_every_release_that_a_row_names_exists_and_no_row_stands_twice() -> None:
    keys = [(row.command, row.option, where, row.value) for row in (*rows.ROWS, *bodies.HEADERS, *bodies.GONE)
            for where in row.where]
    assert len(keys) == len(set(keys))
    assert {where for _, _, where, _ in keys} <= set(GENERATIONS)
    assert tuple(GENERATIONS) == names.ORDER
    for table in (names.PACKAGES, names.ENVIRONMENTS, names.SERVICES):
        assert len({row.old for row in table}) == len(table)


@pytest.mark.parametrize(("name", "source", "to", "new"), [
    ("dhclient", "el6", "el8", "dhcp-client"), ("dhclient", "el6", "el10", ""), ("dhclient", "el9", "el10", None),
    ("ntp", "el8", "el9", None), ("ntp", "el7", "fedora", "chrony"), ("vim", "el6", "el10", None),
])
def test_a_package_goes_all_steps_of_the_way(name: str, source: str, to: str, new: str | None) -> None:
    found = names.moved(names.PACKAGES, name, source, to)
    assert (found.new if found else None) == new


# Lines that may stand in a kickstart of any age.
LINES = ["install", "zerombr yes", "auth --useshadow", "authselect select sssd", "timezone --isUtc Etc/UTC", "text",
         "timezone Etc/UTC --ntpservers=a,b --nontp", "part / --size=1 --active", "logging --level=info", "interactive",
         "ignoredisk --interactive", "ignoredisk --only-use=vda", "repo --name=a --baseurl=http://x/a --ignoregroups=y",
         "rootpw --allow-ssh x", "%packages --nobase --instLangs=en", "%packages --exclude-weakdeps", "ntp", "vim",
         "%traceback", "%onerror", "%anaconda", "%addon x", "%post", "%end", "echo", "", "# x", "vnc", "module --name=a",
         "xconfig --depth=8 --startxonboot", "services --enabled=ntpd", "%include /x", "bootloader --lba32", "device a b",
         "sshkey --username=a b", "url --url=http://x/centos/7/os", "langsupport en"]


@settings(deadline=None)  # pykickstart makes a handler for each
@given(st.lists(st.sampled_from(LINES), max_size=10), st.sampled_from(OTHERS))
def test_what_is_done_by_the_table_is_taken_by_the_new_release(pool: list[str], pair: tuple[str, str]) -> None:
    text = "".join(f"{line}\n" for line in pool)
    found = diff(text, *pair)
    if not found.having("hand"):
        left = reading.read(found.text, GENERATIONS[pair[1]].handler)
        assert not left.mistakes, (found.text, left.mistakes)
        assert not [said for said in left.warnings if said.deprecated]
        again = diff(found.text, pair[1], pair[1])
        assert again.text == found.text
        assert not again.having("done")


@given(st.text(alphabet="ab\n\r\x0c", max_size=20), st.text(alphabet="ab\n\r\x0c", max_size=20))
def test_a_patch_holds_all_that_differs(old: str, new: str) -> None:
    made = patch.unified(old, new, "x")
    assert (made == "") is (old == new)
    if made:
        assert made.startswith("--- a/x\n+++ b/x\n@@ ")
        removed = [line[1:] for line in made.split("\n")[3:] if line.startswith("-")]
        assert all(line in old for line in removed)


def test_a_patch_says_where_a_file_has_no_line_end() -> None:
    assert patch.unified("a", "b\n", "x") == "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"


def test_a_good_kickstart_of_el9_needs_little_for_el10() -> None:
    assert {change.state for change in diff(GOOD, "el9", "el10").changes} == set()

"""Whole commands on lists of mirrors and on composes: who fails or lies is named, and the next one is tried."""

import hashlib
from pathlib import Path

import pytest

from builder.demo import tree
from tests.golden.bench import MIRROR, pinboot
from tests.golden.conftest import KEY, ROCKY_PROFILE

LISTS = "http://lists.example"
A, B, C, D = (f"http://{name}.example/9/BaseOS/x86_64/os" for name in "abcd")
REPOMD = f"{tree.BASEOS}/repodata/repomd.xml"


def write(text, name="x.toml"):
    Path(name).write_text(text)
    return name


def of(tree_line):
    """A profile whose tree is at `tree_line`, of a family whose keys and lists are nowhere else."""
    write('[rocky.series.9]\ngeneration = "el9"\n', "families.toml")
    return write('catalog = ["families.toml"]\n' + ROCKY_PROFILE.replace(
        f'url = "{MIRROR}/rocky/9/BaseOS/x86_64/os"', tree_line))


def flat(text):
    return " ".join(text.split())


def metalink(now, *addresses, before=b""):
    """As MirrorManager writes it; the first address is preferred."""
    urls = "".join(f'<url preference="{100 - i}">{url}/repodata/repomd.xml</url>' for i, url in enumerate(addresses))
    earlier = f"""<mm0:alternates><mm0:alternate><verification><hash type="sha256">{hashlib.sha256(before).hexdigest()}
    </hash></verification></mm0:alternate></mm0:alternates>""" if before else ""
    return f"""<?xml version="1.0"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
<files><file name="repomd.xml"><verification><hash type="sha256">{hashlib.sha256(now).hexdigest()}</hash></verification>
{earlier}<resources>{urls}</resources></file></files></metalink>""".encode()


@pytest.fixture
def mirrors(mirror, trees):
    """Four mirrors of one tree; no list yet."""
    mirror.trees.clear()
    mirror.trees |= {f"http://{name}.example/9": dict(trees["rocky"]) for name in "abcd"}
    mirror.trees[LISTS] = {}
    return mirror


def of_list(mirrors, kind, data, query="?repo=BaseOS-$releasever&arch=$basearch"):
    mirrors.trees[LISTS][f"{kind}?repo=BaseOS-9&arch=x86_64"] = data
    return of(f'{kind} = "{LISTS}/{kind}{query}"')


# Lists that the profile names


def test_the_first_mirror_of_a_list_is_the_source_of_the_lock_and_what_guests_are_told(work, mirrors):
    name = of_list(mirrors, "mirrorlist", f"# ours\n{A.replace('x86_64', '$basearch')}/\n{B}\n{C}\n{D}\n".encode())
    ran = pinboot("build", name) if pinboot("lock", name).code == 0 else None
    assert ran and ran.code == 0, ran
    assert f'source = "{A}"' in Path("x.lock").read_text()
    assert f"inst.repo={A}" in Path("out/x/hosts/web1/cmdline").read_text()


def test_mirrors_that_have_no_tree_are_named_and_the_next_one_is_taken(work, mirrors):
    mirrors.trees["http://a.example/9"] = {}
    mirrors.trees["http://b.example/9"][f"{tree.BASEOS}/.treeinfo"] = b"<html><title>Log in</title></html>"
    ran = pinboot("check", of_list(mirrors, "mirrorlist", f"{A}\n{B}\n{C}\n".encode()))
    said = flat(ran.out)
    assert ran.code == 0, ran.out + ran.err
    assert f"{A} 404" in said and f"{B} no answer" in said and "got an HTML page where this file is due" in said
    assert said.index(f"{A} 404") < said.index(f"{B} no answer") < said.index(f"{C} plain http")


def test_a_mirror_whose_repository_is_not_the_one_of_the_metalink_lies_and_is_passed_over(work, mirrors, trees):
    true = trees["rocky"][REPOMD]
    mirrors.trees["http://a.example/9"][REPOMD] = tree.tampered(true)
    ran = pinboot("check", of_list(mirrors, "metalink", metalink(true, A, B)))
    said = flat(ran.out)
    assert ran.code == 0, ran.out + ran.err
    assert "not what the metalink names" in said and f"wanted sha256:{hashlib.sha256(true).hexdigest()}" in said
    assert f"{B} plain http" in said and "warning" in said


def test_a_mirror_one_step_behind_is_no_liar_and_says_so(work, mirrors, trees):
    true = trees["rocky"][REPOMD]
    ran = pinboot("check", of_list(mirrors, "metalink", metalink(b"the next one", A, before=true)))
    assert ran.code == 0 and f"{A} one step behind" in flat(ran.out), ran.out + ran.err


def test_after_five_mirrors_that_fail_no_more_are_asked_and_every_reason_is_told(work, mirrors):
    many = [f"http://m{number}.example/os" for number in range(9)]
    ran = pinboot("check", of_list(mirrors, "mirrorlist", "\n".join(many).encode()))
    assert ran.code == 5 and "no install tree of Rocky Linux 9 x86_64 at any address" in ran.err
    assert all(f"m{number}.example" in ran.err for number in range(5)) and "m5.example" not in ran.err
    assert not [url for url in mirrors.asked if "m5.example" in url]


def test_a_mirror_that_fails_later_is_left_for_the_next_of_the_list(work, mirrors):
    for path in [p for p in mirrors.trees["http://a.example/9"] if p.endswith("vmlinuz")]:
        del mirrors.trees["http://a.example/9"][path]
    name = of_list(mirrors, "mirrorlist", f"{A}\n{B}\n{C}\n{D}\n".encode())
    ran = pinboot("lock", name)
    assert ran.code == 0, ran.err
    assert f"trying {B}" in ran.err and f'source = "{A}"' in Path("x.lock").read_text()
    assert not [url for url in mirrors.asked if "d.example" in url], "the one that is taken, and two more"


def test_a_mirror_with_another_compose_does_not_stand_in_for_the_first(work, mirrors):
    mirrors.trees["http://b.example/9"] = tree.el9(composed=1749000000)
    ran = pinboot("check", of_list(mirrors, "mirrorlist", f"{A}\n{B}\n{C}\n".encode()))
    assert ran.code == 0 and "another one than that of" in flat(ran.out), ran.out + ran.err


@pytest.mark.parametrize(("kind", "data", "said"), [
    ("mirrorlist", b"<html><title>Hotel</title></html>", "got an HTML page where this file is due; a login page?"),
    ("mirrorlist", b"# Bad Request\n", 'only comments: "# Bad Request"'),
    ("metalink", b"http://a.example/os\n", "is not XML"),
    ("metalink", b"", "empty"),
])
def test_a_list_that_is_none_is_named_with_what_came_instead(work, mirrors, kind, data, said):
    ran = pinboot("check", of_list(mirrors, kind, data))
    assert ran.code == 5 and "Traceback" not in ran.err and said in flat(ran.err), ran.err


def test_a_list_that_is_not_there_is_told_with_its_address(work, mirrors):
    ran = pinboot("check", of(f'metalink = "{LISTS}/none?repo=BaseOS-9&arch=x86_64"'))
    assert ran.code == 5 and f"{LISTS}/none: the server answered 404 Not Found" in ran.err


def test_a_variable_that_nobody_knows_is_refused_before_anything_is_asked(work, mirrors):
    ran = pinboot("check", of(f'metalink = "{LISTS}/metalink?repo=$stream"'))
    assert ran.code == 2 and "holds $stream" in ran.err and "$releasever" in ran.err and mirrors.asked == []


def test_a_lock_asks_its_own_mirror_first_and_an_update_the_list(work, mirrors):
    name = of_list(mirrors, "mirrorlist", f"{A}\n{B}\n".encode())
    assert pinboot("lock", name).code == 0
    of_list(mirrors, "mirrorlist", f"{B}\n{A}\n".encode())
    mirrors.asked.clear()
    again = pinboot("lock", name)
    assert again.code == 0 and "as locked" in again.out and not [u for u in mirrors.asked if LISTS in u]
    assert pinboot("lock", "--update", name).code == 0 and f'source = "{B}"' in Path("x.lock").read_text()


# Lists of the catalog

CATALOG = f"""\
[rocky.series.9]
generation = "el9"
mirrors = ["http://gone.example/{{version}}/os"]
vaults = ["http://vault.example/{{version}}/BaseOS/{{arch}}/os"]
mirrorlist = "{LISTS}/mirrorlist?repo=BaseOS-{{version}}&arch={{arch}}"
latest = "9.6"
"""


def of_catalog(text=CATALOG, release="rocky-9"):
    write(text, "families.toml")
    return write(f'catalog = ["families.toml"]\nrelease = "{release}"\nroot = {{ ssh_keys = ["{KEY}"] }}\n'
                 '[host.web1]\nmemory = "4 GiB"\ndisk = { size = "20 GiB" }\n')


def test_the_list_of_the_catalog_is_asked_where_its_mirrors_do_not_have_the_tree(work, mirrors):
    of_list(mirrors, "mirrorlist", f"{A}\n".encode())
    ran = pinboot("check", of_catalog())
    assert ran.code == 0, ran.out + ran.err
    assert "http://gone.example/9/os 404, moved" in flat(ran.out) and f"{A} plain http" in flat(ran.out)
    assert not [url for url in mirrors.asked if "vault.example" in url]


def test_a_release_that_has_ended_goes_to_its_vault_and_asks_no_list(work, mirrors):
    of_list(mirrors, "mirrorlist", f"{A}\n".encode())
    mirrors.trees["http://vault.example/9.6"] = mirrors.trees["http://a.example/9"]
    ran = pinboot("check", of_catalog(CATALOG + 'end_of_life = "2020-01-01"\n'))
    assert ran.code == 0 and "http://vault.example/9.6/BaseOS/x86_64/os" in ran.out, ran.out + ran.err
    assert not [url for url in mirrors.asked if LISTS in url]


def test_no_mirror_list_or_vault_is_told_with_every_answer(work, mirrors):
    mirrors.trees.clear()
    ran = pinboot("check", of_catalog())
    assert ran.code == 5
    assert all(place in ran.err for place in ("gone.example/9/os", "lists.example/mirrorlist", "vault.example/9.6/BaseOS"))


# Composes

OLD, NEW = "CentOS-Stream-9-20260706.0", "CentOS-Stream-9-20260902.0"
TIMES = {OLD: 1783296000, NEW: 1788307200}
MOVING = "http://stream.example/9-stream"
STREAM = f"""\
[centos-stream.series.9]
generation = "el9"
minors = false
mirrors = ["{MOVING}/BaseOS/{{arch}}/os"]
[centos-stream.series.9.compose]
id = "../../../COMPOSE_ID"
url = "http://composes.example/{{compose}}/compose/BaseOS/{{arch}}/os"
days = 21
"""


def own(compose):
    return f"http://composes.example/{compose}/compose"


def address(compose):
    return f"{own(compose)}/{tree.BASEOS}"


def compose_tree(compose):
    return tree.el9(family="CentOS Stream", composed=TIMES[compose], seed=compose)


@pytest.fixture
def stream(mirror):
    """CentOS Stream 9 as it was in July, at the address that moves and at that of its compose."""
    mirror.trees.clear()
    july = compose_tree(OLD)
    mirror.trees |= {MOVING: {**july, "COMPOSE_ID": f"{OLD}\n".encode()}, own(OLD): dict(july)}
    return mirror


def september(stream, *, pruned=True):
    """The mirrors move on; the old compose is pruned."""
    made = compose_tree(NEW)
    stream.trees[MOVING] = {**made, "COMPOSE_ID": f"{NEW}\n".encode()}
    stream.trees[own(NEW)] = dict(made)
    if pruned:
        del stream.trees[own(OLD)]


def of_stream():
    return of_catalog(STREAM, "centos-stream-9")


def test_a_compose_is_locked_at_its_own_address_with_how_long_it_lives(work, stream):
    checked = pinboot("check", of_stream())
    assert checked.code == 0, checked.out + checked.err
    assert f"{OLD} at its own address, which is immutable and kept for about 21 days" in flat(checked.out)
    assert pinboot("lock", "x.toml").code == 0
    assert f'source = "{address(OLD)}"' in Path("x.lock").read_text()


@pytest.mark.parametrize(("change", "why"), [
    (lambda trees: trees.pop(own(OLD)), "404 Not Found"),
    (lambda trees: trees.update({own(OLD): compose_tree(NEW)}), "serves another .treeinfo than"),
    (lambda trees: trees[MOVING].pop("COMPOSE_ID"), "404 Not Found"),
    (lambda trees: trees[MOVING].update(COMPOSE_ID=b"../../evil\n"), "names no compose"),
    (lambda trees: trees[MOVING].update(COMPOSE_ID=b"x" * 200), "names no compose"),
])
def test_without_an_address_of_its_own_the_moving_one_stays_and_it_is_said_why(work, stream, change, why):
    change(stream.trees)
    ran = pinboot("check", of_stream())
    said = flat(ran.out)
    assert ran.code == 0, ran.out + ran.err
    assert "moves on to the next compose" in said and why in said and f"{MOVING}/BaseOS/x86_64/os plain http" in said


def test_a_profile_that_names_the_tree_keeps_its_address(work, stream):
    write(STREAM, "families.toml")
    name = write(f'catalog = ["families.toml"]\nrelease = "centos-stream-9"\nroot = {{ ssh_keys = ["{KEY}"] }}\n'
                 f'tree = {{ url = "{MOVING}/BaseOS/x86_64/os" }}\n[host.web1]\ndisk = {{ size = "20 GiB" }}\n')
    assert pinboot("lock", name).code == 0
    assert f'source = "{MOVING}/BaseOS/x86_64/os"' in Path("x.lock").read_text()
    assert not [url for url in stream.asked if "composes.example" in url]


def test_a_lock_of_a_compose_holds_while_the_mirrors_move_on_and_an_update_goes_along(work, stream):
    assert pinboot("lock", of_stream()).code == 0
    september(stream, pruned=False)
    again = pinboot("lock", "x.toml")
    assert again.code == 0 and "as locked" in again.out, again.out + again.err
    assert pinboot("build", "x.toml", "--store", "new").code == 0
    updated = pinboot("lock", "--update", "x.toml")
    assert updated.code == 0 and f'source = "{address(NEW)}"' in Path("x.lock").read_text(), updated.err


def test_a_pruned_compose_says_so_and_offers_what_is_there(work, stream):
    assert pinboot("lock", of_stream()).code == 0
    september(stream)
    ran = pinboot("build", "x.toml", "--store", "new")
    assert ran.code == 3
    lines = [line.rstrip() for line in ran.err.splitlines() if not line.startswith("mirror ")]
    at = next(number for number, line in enumerate(lines) if line.startswith("error:"))
    assert lines[at : at + 9] == [
        f"error: x.lock: compose {OLD} is gone (2 of 2 mirrors)",
        "  missing  images/pxeboot/vmlinuz, images/pxeboot/initrd.img, images/install.img",
        f"  there    {NEW}, 58 days newer",
        "hint:  CentOS Stream keeps only its newest composes. One of:",
        "         pinboot lock --update x.toml         go to what is there, shows changes",
        "         pinboot store import FILE            from a machine that locked it:",
        "                                              pinboot store export x.lock",
    ]


def test_a_compose_that_is_gone_from_its_address_but_still_on_a_mirror_is_relocated(work, stream):
    assert pinboot("lock", of_stream()).code == 0
    del stream.trees[own(OLD)]
    ran = pinboot("build", "x.toml", "--store", "new")
    assert ran.code == 3 and f"now  {MOVING}/BaseOS/x86_64/os" in ran.err and "pinboot lock --relocate" in ran.err
    assert "the same .treeinfo and repositories: 3 of 3 match" in ran.err
    assert pinboot("lock", "--relocate", "x.toml").code == 0
    assert pinboot("build", "x.toml", "--store", "new").code == 0


def test_a_mirror_that_lost_one_file_is_told_from_a_tree_that_is_gone(work, stream):
    assert pinboot("lock", of_stream()).code == 0
    del stream.trees[own(OLD)][f"{tree.BASEOS}/{tree.INITRD}"]
    ran = pinboot("build", "x.toml", "--store", "new")
    assert ran.code == 3 and "its .treeinfo is the locked one: the mirror is damaged" in ran.err
    assert "try again later" in ran.err and "keeps only" not in ran.err


def test_nothing_left_anywhere_names_what_was_asked(work, stream):
    assert pinboot("lock", of_stream()).code == 0
    stream.trees.clear()
    ran = pinboot("build", "x.toml", "--store", "new")
    assert ran.code == 3 and "is gone (2 of 2 mirrors)" in ran.err
    assert "there    nothing: no install tree of CentOS Stream 9 x86_64 at any address" in ran.err


def test_a_locked_address_that_ended_leads_to_the_vault_with_the_same_bytes(work, mirror):
    write("""\
[rocky.series.8]
generation = "el8"
vaults = ["http://vault.example/8.10/BaseOS/{arch}/os"]
end_of_life = "2024-05-31"
""", "families.toml")
    old, vault = (f"http://{name}/BaseOS/x86_64/os" for name in ("old.example/8", "vault.example/8.10"))
    mirror.trees["http://old.example/8"] = tree.el8()
    name = write(f'catalog = ["families.toml"]\nrelease = "rocky-8"\nroot = {{ ssh_keys = ["{KEY}"] }}\n'
                 f'tree = {{ url = "{old}" }}\n[host.web1]\nmemory = "4 GiB"\ndisk = {{ size = "20 GiB" }}\n')
    assert pinboot("lock", name).code == 0
    mirror.trees["http://vault.example/8.10"] = mirror.trees.pop("http://old.example/8")
    ran = pinboot("build", name, "--store", "new")
    assert ran.code == 3
    assert "the locked address answers 404: Rocky Linux 8 reached its end of life on 2024-05-31" in ran.err
    assert f"was  {old}\n  now  {vault}\n       the same .treeinfo and repositories: 3 of 3 match" in ran.err
    assert "pinboot lock --relocate x.toml   changes the address, no pin" in ran.err
    assert pinboot("lock", "--relocate", name).code == 0 and f'source = "{vault}"' in Path("x.lock").read_text()

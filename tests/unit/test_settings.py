"""--set KEY=VALUE: one key over all files of a profile, TOML or a bare word, told as --set wherever origins are told."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.profile import resolve
from builder.profile.file import settings

PROFILE = """\
release = "rocky-9"
timezone = "Etc/UTC"
[host.web1]
memory = "4 GiB"
disk = { size = "20 GiB" }
[host."db.example.com"]
disk = { size = "20 GiB" }
"""


@pytest.fixture
def read(tmp_path):
    def read(*words, text=PROFILE):
        (tmp_path / "web.toml").write_text(text)
        return resolve.read(tmp_path / "web.toml", "web.toml", {}, words)
    return read


def refused(read, *words):
    with pytest.raises(UsageError) as caught:
        read(*words)
    return f"{caught.value.message}\n{caught.value.hint}"


def test_a_key_that_is_set_wins_over_the_file_and_says_so(read):
    profile, _ = read("timezone=Europe/Prague", 'host.web1.memory="8 GiB"', "host.web1.vcpus=4")
    assert (profile.timezone, profile.hosts[0].memory, profile.hosts[0].vcpus) == ("Europe/Prague", 8192, 4)
    assert profile.origin("timezone") == "--set" and profile.origin("host.web1.memory") == "--set"
    assert profile.origin("release") == "web.toml line 1"


@pytest.mark.parametrize(("word", "value"), [
    ("memory=4 GiB", "4 GiB"), ('memory="4 GiB"', "4 GiB"), ("vcpus = 4", 4), ("kvm.display=true", True),
    ("packages=['a', 'b']", ["a", "b"]), ("disk={ size = '8 GiB' }", {"size": "8 GiB"}), ("facts.rack=007", "007"),
    ("a=b=c", "b=c"), ('a=say "no"', 'say "no"'), ("a=C:\\x", "C:\\x"), ("'a=b'.c=1", 1), ("a=1\n", 1)])
def test_a_value_is_toml_or_a_bare_word_and_the_line_for_the_bundle_is_toml(word, value):
    made, = settings.parse([word])
    assert made.value == value and tomllib.loads(settings.text([made])) == made.table


def test_parts_of_a_key_in_quotes_may_hold_dots(read):
    profile, _ = read('host."db.example.com".memory=2 GiB')
    assert [host.memory for host in profile.hosts] == [4096, 2048]


def test_the_last_one_wins_and_all_of_them_are_one_layer(read):
    profile, layers = read("memory=2 GiB", "memory=3 GiB")
    assert profile.hosts[1].memory == 3072
    assert [(layer.role, layer.name) for layer in layers] == [("profile", "web.toml"), ("set", "set.toml")]
    assert layers[-1].data.decode().endswith('profile.toml says.\nmemory = "3 GiB"\n')


def test_a_table_and_a_key_in_it_are_not_both_set(read):
    assert "both disk and disk.size are set\nset each key" in refused(read, "disk.size=8 GiB", "disk={ name = 'vda' }")


def test_a_mistake_in_what_was_set_is_told_with_the_others(read):
    said = refused(read, "vcpus=many", "relase=rocky-9")
    assert "--set  vcpus" in said and 'found "many"; wants a whole number' in said
    assert "relase  unknown key; did you mean release?" in said


@pytest.mark.parametrize(("word", "reason"), [
    ("memory", 'is no KEY=VALUE\nwrite KEY=VALUE: --set timezone=Europe/Prague'), ("=1", "is no KEY=VALUE"),
    ("a b=1", "is no KEY=VALUE"), ("a\n.b=1", "is no KEY=VALUE"), ("a" * 70000 + "=1", "is no KEY=VALUE"),
    ("a=" + "x" * 70000, "longer than 64 KiB"), ("memory=", "memory: no value"), ("a=\0", "control characters"),
    ("packages=['a'", "packages: not TOML"), ("a=" + "[" * 50000, "a: nested too deeply"),
    ("memory='1 GiB'\nvcpus=2", "more than one value\nwrite --set once for each key"),
    ("extends=['x.toml']", "read before\nwrite a profile of two lines"),
    ("host.wbe1.memory=1 GiB", "there is no host wbe1; did you mean web1?\nhosts: web1, db.example.com"),
    ("host.db.example.com.vcpus=2", 'did you mean db.example.com?\nhosts: web1, db.example.com; a name with dots stands '
                                    'in quotes'),
])
def test_what_can_only_be_a_typing_mistake_is_refused_with_a_cure(read, word, reason):
    assert reason in refused(read, word)


def test_a_secret_that_was_mistyped_is_not_echoed(read):
    assert "hunter2" not in refused(read, 'root.password="hunter2')
    assert "hunter2" not in refused(read, "root.password=hunter2")


@given(st.text(max_size=40))
def test_any_word_is_a_setting_that_reads_back_or_a_told_mistake(word):
    try:
        made, = settings.parse([word])
    except UsageError:
        return
    assert tomllib.loads(settings.text([made])) == made.table

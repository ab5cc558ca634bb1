"""GRUB's own parser takes every grub.cfg that is rendered, and judges any text as the reader of the unit tests does."""

import subprocess

import pytest

from builder.errors import UsageError
from builder.outputs.loaders import grub
from tests.golden.test_loaders import CASES, made
from tests.tool.tools import need
from tests.unit import loaderfiles
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.loaderboots import FIELDS, SERVED, attempts

pytestmark = pytest.mark.tool

FRAMES = ("linux /k {}\n", "linux '{}' x\n", 'linux "{}"\n', "menuentry {} {{\n\tlinux /k\n}}\n", "{}\n",
          "if [ a = {} ]; then\n\techo b\nfi\n")
# A pipe carries no NUL as text, and no surrogate.
SENT = [text for text in HOSTILE + ODD if "\0" not in text and "\ud800" not in text]


@pytest.fixture(scope="module")
def taken():
    tool = need("grub-script-check", "grub-common")
    return lambda text: subprocess.run([tool], input=text.encode(), capture_output=True).returncode == 0


@pytest.mark.parametrize("name", CASES)
def test_grub_takes_every_file_that_is_its_own(taken, name):
    of_grub = {path: text for path, text in made(CASES[name]).items() if "/grub.cfg" in path}
    assert len(of_grub) > 5 and [path for path, text in of_grub.items() if not taken(text)] == []


def test_grub_refuses_what_an_unquoted_ampersand_makes_of_a_file(taken):
    text = next(text for path, text in made(CASES["fleet"]).items() if path.endswith("hosts/c0002/grub.cfg"))
    assert not taken(text.replace("'inst.ks=http://192.0.2.5/ks?host=c0002&v=1'", "inst.ks=http://192.0.2.5/ks?host=c0002&v=1"))


@pytest.mark.parametrize("frame", FRAMES)
def test_the_reader_of_the_unit_tests_judges_as_grub_does(taken, frame):
    texts = [frame.format(text) for text in SENT]
    judged = [taken(text) for text in texts]
    assert [text for text, verdict in zip(texts, judged, strict=True) if loaderfiles.grub_takes(text) != verdict] == []
    assert True in judged and False in judged


@pytest.mark.parametrize("field", FIELDS)
def test_grub_takes_the_file_of_every_hostile_string_that_was_not_refused(taken, field):
    passed = 0
    for text in SENT:
        for of in attempts(field, text):
            try:
                file = grub.host(of, SERVED)[0]
            except (UsageError, ValueError):
                continue
            passed += 1
            assert taken(file.text), text
    assert passed

"""Passwords as $6$ hashes: the vectors of the specification, and what is no password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.catalog.generation import GENERATIONS
from builder.profile import passwords, secrets

# https://www.akkadia.org/drepper/SHA-crypt.txt, tests2: salts longer than 16 characters cut as there.
VECTORS = [
    ("Hello world!", 5000, "saltstring",
     "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"),
    ("Hello world!", 10000, "saltstringsaltst", "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbM"
     "CVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."),
    ("This is just a test", 5000, "toolongsaltstrin", "$6$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF"
     "7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0"),
]


@pytest.mark.parametrize(("password", "rounds", "salt", "expected"), VECTORS)
def test_the_vectors_of_the_specification_come_out(password, rounds, salt, expected):
    assert passwords.make(password, rounds=rounds, salt=salt) == expected


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40))
def test_a_hash_is_taken_by_every_release_and_tells_nothing_of_the_password(password):
    first, second = passwords.make(password), passwords.make(password)
    assert first != second and len(first) == 3 + 16 + 1 + 86
    for generation in GENERATIONS.values():
        assert secrets.password_hash(first, generation) == first


@pytest.mark.parametrize(("password", "said"), [
    ("", "empty"), ("a\nb", "line end"), ("a\r", "line end"), ("a\tb", "control"), ("a\0b", "control"), ("a\x1b[0m", "control"),
    ("a\u200bb", "invisible"), ("a" * 201, "201 bytes"), ("\u00e9" * 101, "202 bytes"),
])
def test_what_no_login_prompt_takes_is_refused_and_never_echoed(password, said):
    reason = passwords.refusal(password)
    assert said in reason and (not password or password not in reason)


@pytest.mark.parametrize("password", ["x", "correct horse battery staple", " ", "\u00e9" * 100, "'\"\\$`", "a" * 200])
def test_what_can_be_typed_is_taken(password):
    assert passwords.refusal(password) == ""


def test_blanks_at_the_ends_and_letters_beyond_ascii_are_remarked():
    assert passwords.remarks("plain words") == ()
    assert "blank" in passwords.remarks(" x")[0] and "blank" in passwords.remarks("x ")[0]
    assert "ASCII" in passwords.remarks("\u00e9")[0] and len(passwords.remarks("\u00e9 ")) == 2


def test_the_kind_and_the_rounds_of_a_hash_are_read():
    assert passwords.kind("$y$j9T$x") == "yescrypt" and passwords.kind("$1$a$b") == ""
    assert passwords.rounds("$6$rounds=656000$a$b") == 656000 and passwords.rounds("$5$a$b") == 5000

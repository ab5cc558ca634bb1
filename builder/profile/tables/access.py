"""Who can log in to the installed machines: root and other accounts, by password hash and by ssh key."""

from __future__ import annotations

from collections.abc import Mapping

from builder import names
from builder.catalog.generation import Generation
from builder.profile import secrets
from builder.profile.file import schema
from builder.profile.tables.reading import Reading
from builder.profile.values import Root, User


def root(raw: schema.Root | None, generation: Generation, reading: Reading) -> Root:
    raw = raw or schema.Root()
    return Root(password_hash=_password("root.password", raw.password, generation, reading),
                ssh_keys=_ssh_keys("root.ssh_keys", raw.ssh_keys, reading))


def users(raw: Mapping[str, schema.User], generation: Generation, reading: Reading) -> tuple[User, ...]:
    return tuple(_user(name, table, generation, reading) for name, table in sorted(raw.items()))


def _user(word: str, raw: schema.User, generation: Generation, reading: Reading) -> User:
    key, mistakes = f"user.{word}", reading.mistakes
    name = mistakes.parsed(key, names.user, word) or "invalid"
    if name == "root":
        mistakes.add(key, "root is no user table; write root = { password = ..., ssh_keys = [...] }")
    if not raw.gecos.isprintable() or ":" in raw.gecos:
        mistakes.add(f"{key}.gecos", f"{names.shown(raw.gecos)} holds a colon or control characters")
    shell = mistakes.parsed(f"{key}.shell", names.absolute_path, raw.shell) if raw.shell else ""
    return User(name=name, groups=reading.each(f"{key}.groups", raw.groups, names.user), gecos=raw.gecos,
                shell=shell or "", password_hash=_password(f"{key}.password", raw.password, generation, reading),
                ssh_keys=_ssh_keys(f"{key}.ssh_keys", raw.ssh_keys, reading))


def _password(key: str, text: str | None, generation: Generation, reading: Reading) -> str | None:
    if text is None:
        return None

    def parse(found: str) -> str:
        return secrets.password_hash(reading.referred(key, found, private=True), generation)

    return reading.mistakes.parsed(key, parse, text)


def _ssh_keys(key: str, entries: tuple[str, ...], reading: Reading) -> tuple[str, ...]:
    found: list[str] = []
    for entry in entries:
        text = reading.mistakes.parsed(key, lambda word: reading.referred(key, word, private=False), entry)
        lines = [line for line in (text or "").splitlines() if line.strip() and not line.startswith("#")]
        parsed = (reading.mistakes.parsed(key, secrets.ssh_key, line) for line in lines)
        found.extend(line for line in parsed if line)
    return tuple(dict.fromkeys(found))

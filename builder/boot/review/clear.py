"""What stands in a kickstart in clear that should be a hash or no part of the file at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Attributes of commands that hold a secret, with the option that sets each (pykickstart/commands).
COMMANDS = {"vnc": (("password", "--password"),), "rdp": (("password", "--password"),),
            "rhsm": (("activation_keys", "--activation-key"),)}
CREDENTIALS = re.compile(r"://[^/@]*:[^/@]+@")
# The command's words, the secret, and the object that pykickstart made of the line.
Found = Iterator[tuple[str, Any, Any]]


def secrets(handler: Any) -> Iterator[tuple[str, str, int]]:
    """(command, text, line) of everything in pykickstart's `handler` that is a secret and no hash."""
    found = (*_accounts(handler), *_volumes(handler), *_others(handler))
    return ((command, str(text), int(getattr(data, "lineno", 0) or 0)) for command, text, data in found if text)


def volumes(handler: Any) -> Iterator[tuple[str, Any]]:
    """What may be encrypted, with its command and place."""
    if handler.autopart.seen:
        yield "autopart", handler.autopart
    yield from ((f"part {part.mountpoint}", part) for part in handler.partition.partitions)
    yield from ((f"logvol {volume.mountpoint}", volume) for volume in listed(handler, "logvol", "lvList"))
    yield from ((f"raid {array.mountpoint}", array) for array in listed(handler, "raid", "raidList"))


def command(handler: Any, name: str) -> Any:
    """The command's data, or None where this release does not know the command."""
    return handler.commands.get(name) or getattr(handler, name, None)


def listed(handler: Any, name: str, field: str) -> list[Any]:
    return list(getattr(command(handler, name), field, None) or [])


def _accounts(handler: Any) -> Found:
    if handler.rootpw.seen and not handler.rootpw.isCrypted:
        yield "rootpw", handler.rootpw.password, handler.rootpw
    yield from ((f"user --name={data.name}", data.password, data) for data in handler.user.userList
                if not data.isCrypted)
    yield from ((f"sshpw --username={data.username}", data.password, data)
                for data in listed(handler, "sshpw", "sshUserList")
                if not data.isCrypted and not getattr(data, "sshkey", False))
    realm = command(handler, "realm")
    join = getattr(realm, "join_args", None) or []
    yield from (("realm join --one-time-password", word.partition("=")[2], realm) for word in join
                if str(word).startswith("--one-time-password="))


def _volumes(handler: Any) -> Found:
    if not getattr(handler.bootloader, "isCrypted", False):
        yield "bootloader --password", getattr(handler.bootloader, "password", ""), handler.bootloader
    yield from ((f"{name} --passphrase", volume.passphrase, volume) for name, volume in volumes(handler))
    for target in listed(handler, "iscsi", "iscsi"):
        yield from (("iscsi --password", text, target) for text in (target.password, target.password_in))


def _others(handler: Any) -> Found:
    for name, fields in COMMANDS.items():
        for field, option in fields:
            data = command(handler, name)
            found = getattr(data, field, None)
            yield from ((f"{name} {option}", text, data) for text in (found if isinstance(found, list) else [found]))
    sources = [data for data in (command(handler, "url"), *listed(handler, "repo", "repoList")) if data]
    yield from (("--proxy", data.proxy, data) for data in sources
                if CREDENTIALS.search(getattr(data, "proxy", "") or ""))

"""Who can log in to the installed system, and the kickstart words for it."""

from __future__ import annotations

from builder.catalog.generation import Generation
from builder.profile.values import Profile, User

Line = tuple[str, ...]
ADMIN_GROUP = "wheel"


def root(profile: Profile, generation: Generation) -> Line:
    """The `rootpw` command: the hash, or a locked account."""
    if profile.root.password_hash is None:
        # EL6 has no --lock without a password (REFERENCE 3.2); `*` is no hash of anything.
        return ("rootpw", "--lock") if generation.root_lock else ("rootpw", "--lock", "--iscrypted", "*")
    only_way_in = not profile.root.ssh_keys and not any(can_log_in(user) for user in profile.users)
    # EL9 refuses root's password over ssh by default: without this nobody could come in from outside.
    allow = ("--allow-ssh",) if generation.allow_root_ssh and only_way_in else ()
    return ("rootpw", *allow, "--iscrypted", profile.root.password_hash)


def user(account: User) -> Line:
    """The `user` command. Without a password the account stays locked for passwords (useradd), not for ssh keys."""
    words = ["user", f"--name={account.name}"]
    if account.groups:
        words.append("--groups=" + ",".join(account.groups))
    if account.gecos:
        words.append(f"--gecos={account.gecos}")
    if account.shell:
        words.append(f"--shell={account.shell}")
    if account.password_hash is not None:
        words += ["--iscrypted", f"--password={account.password_hash}"]
    return tuple(words)


def can_log_in(account: User) -> bool:
    return account.password_hash is not None or bool(account.ssh_keys)


def command_keys(profile: Profile, generation: Generation) -> tuple[tuple[str, str], ...]:
    """Accounts and keys for the `sshkey` command: those with one key. pykickstart warns of a second sshkey line for an
    account, so several keys go by script."""
    if generation.ssh_key != "command":
        return ()
    return tuple((name, keys[0]) for name, keys in _keys(profile) if len(keys) == 1)


def script_keys(profile: Profile, generation: Generation) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Accounts and keys that a script writes into authorized_keys: all where there is no `sshkey` command."""
    return tuple((name, keys) for name, keys in _keys(profile) if generation.ssh_key == "post" or len(keys) > 1)


def _keys(profile: Profile) -> tuple[tuple[str, tuple[str, ...]], ...]:
    named = [("root", profile.root.ssh_keys), *((account.name, account.ssh_keys) for account in profile.users)]
    return tuple((name, keys) for name, keys in named if keys)


def administrators_without_password(profile: Profile) -> tuple[str, ...]:
    """Members of wheel who come in by key only: sudo would ask them for a password that does not exist."""
    return tuple(account.name for account in profile.users
                 if ADMIN_GROUP in account.groups and account.ssh_keys and account.password_hash is None)

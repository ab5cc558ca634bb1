"""authconfig, which EL8 replaced by authselect (authselect-migration(7))."""

from __future__ import annotations

from builder.catalog.generation import GENERATIONS
from builder.lint.kickstart.text import words

WHY = "gave way to authselect with EL8; shadow passwords and sha512 are what it does anyway"
# What authselect does by itself, and what no release does any more (--enablemd5 made MD5 hashes, the rest stay off).
DEFAULT = frozenset({"--enableshadow", "--useshadow", "--passalgo", "--enablemd5", "--usemd5", "--kickstart",
                     "--enablelocauthorize", "--disablefingerprint", "--enablesssd", "--enablesssdauth", "--update",
                     "--enablepamaccess", "--disablecache", "--enablecache"})
FEATURES = {"--enablefingerprint": "with-fingerprint", "--enablemkhomedir": "with-mkhomedir",
            "--enablefaillock": "with-faillock", "--enablesmartcard": "with-smartcard",
            "--enablepamaccess": "with-pamaccess"}


def profile(text: str) -> list[str]:
    """For EL8, which without any word leaves PAM as its package brings it."""
    return [" ".join([GENERATIONS["el8"].auth, *_features(text)])]


def features(text: str) -> list[str]:
    """For EL9 and later: nothing where the line asks for what comes by itself."""
    found = _features(text)
    return [" ".join([GENERATIONS["el8"].auth, *found])] if found else []


def _features(text: str) -> list[str]:
    """Raises ValueError for what needs a directory server set up, which authconfig did and authselect does not."""
    given = [word.option or word.text for word in words.split(text).words[1:]]
    strange = [option for option in given if option not in DEFAULT and option not in FEATURES]
    if strange:
        raise ValueError(f"authselect sets up no {', '.join(strange)}: a profile and, in %post, the configuration of "
                         "sssd or winbind (authselect-migration(7))")
    return [FEATURES[option] for option in given if option in FEATURES]

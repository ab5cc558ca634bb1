"""The version of a lock before the one at hand, out of git."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.errors import CheckFailed, Missing, UsageError
from builder.lock import text
from builder.lock.model import Lock

# Versions that are looked at: a lock that was only moved to and fro, or only relocated, has few of one kind.
MOST_VERSIONS = 200
SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A lock and where it is from: `HEAD`, or the short name of a commit and its day."""

    lock: Lock
    name: str


def before(path: Path, shown: str, environment: Mapping[str, str]) -> Version:
    """The committed lock where the file differs from it, else the newest committed one that is another.

    Raises Missing (no git), UsageError (no lock, in no repository, not committed), CheckFailed (git fails, or there
    never was another).
    """
    git = _Git(path, shown, environment)
    try:
        now = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{shown}: there is no such lock", "pinboot lock writes one beside its profile") from None
    except OSError as reason:
        raise UsageError(f"{shown}: cannot be read: {reason.strerror}") from reason
    git.inside()
    versions = git.versions()
    if not versions:
        raise UsageError(f"{shown}: git has no version of it", f"git add {shown} and commit it: --last compares with "
                                                               "what was committed")
    for number, (commit, day) in enumerate(versions):
        data = git.content(commit)
        if data is not None and data != now:
            name = "HEAD" if number == 0 else f"{commit[:9]} of {day}"
            return Version(lock=text.parse(data, f"{shown} at {name}"), name=name)
    raise CheckFailed(f"{shown}: has had no other content since it was committed on {versions[-1][1]}",
                      "there is no version to compare with")


class _Git:
    def __init__(self, path: Path, shown: str, environment: Mapping[str, str]) -> None:
        self.folder = path.absolute().parent
        self.name = path.name
        self.shown = shown
        # Messages that are looked into are those of the C locale; nobody is asked for a passphrase.
        self.environment = {**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

    def inside(self) -> None:
        done = self._run("rev-parse", "--is-inside-work-tree")
        if done.returncode == 0:
            return
        said = done.stderr.decode(errors="replace").strip()
        if "not a git repository" in said:
            raise UsageError(f"{self.shown}: lies in no git repository",
                             "keep profile and lock in git; or compare two files: pinboot diff OLD.lock NEW.lock")
        raise self._failed(said)

    def versions(self) -> list[tuple[str, str]]:
        """Commits that changed the file, newest first, with their days."""
        done = self._run("log", f"--max-count={MOST_VERSIONS}", "--format=%H %cd", "--date=short", "--", self.name)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            if "does not have any commits yet" in said:
                return []
            raise self._failed(said)
        return re.findall(r"^([0-9a-f]{40,64}) ([0-9-]{10})$", done.stdout.decode(errors="replace"), re.MULTILINE)

    def content(self, commit: str) -> bytes | None:
        """The file as of that commit; None where it was gone, or is longer than any lock."""
        place = f"{commit}:./{self.name}"
        size = self._run("cat-file", "-s", place)
        if size.returncode or int(size.stdout) > text.MAX_BYTES:
            return None
        return self._run("cat-file", "blob", place).stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--literal-pathspecs", "--no-pager", *arguments]
        try:
            return subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=SECONDS, check=False)
        except FileNotFoundError:
            raise Missing("git is not on this machine", "install the package git; or compare two files: "
                                                        "pinboot diff OLD.lock NEW.lock") from None
        except (OSError, subprocess.TimeoutExpired) as reason:
            raise self._failed(str(reason)) from reason

    def _failed(self, said: str) -> CheckFailed:
        lines = said.splitlines()
        return CheckFailed(f"{self.shown}: git says: {lines[0] if lines else 'nothing'}", "\n".join(lines[1:]))

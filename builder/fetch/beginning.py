"""The first bytes of a file: how many may be wanted, and what is said where there are fewer."""

from __future__ import annotations

from builder.errors import HostileInput, Missing
from builder.fetch import limits
from builder.fetch.store.intake import OUT_OF_STEP, Intake, Memory, Wanted


class Beginning:
    """Takes the first `length` bytes of the file `where`. Raises HostileInput for a length that no header has."""

    def __init__(self, where: str, length: int) -> None:
        cap = limits.CAPS["header"]
        if not 0 < length <= cap:
            raise HostileInput(f"{where}: its first {length} bytes are wanted; the header of a package has 1 to {cap}",
                               "whatever told where this header ends is not in order; take another mirror")
        self.length = length
        self._memory = Memory()
        self._intake = Intake(Wanted(where=where, cap=length), self._memory)

    @property
    def came(self) -> int:
        return self._intake.size

    @property
    def left(self) -> int:
        """How many bytes are still to come."""
        return self.length - self._intake.size

    def write(self, view: memoryview) -> None:
        """Take what is wanted of these bytes."""
        self._intake.write(view[: self.left])

    def restart(self) -> None:
        """Forget every byte."""
        self._intake.restart()

    def whole(self) -> bytes:
        """All of them. Raises Missing where the file has fewer, or where something else came in place of it."""
        self._intake.check()
        if self.left:
            raise Missing(f"{self._intake.wanted.where}: the file is too short\n  expected  {self.length} bytes or more"
                          f"\n  found     {self.came}", OUT_OF_STEP)
        return bytes(self._memory.data)

"""What a profile asks for and the installer of its generation has no word for: it is left out, and that is said."""

from __future__ import annotations

from builder.finding import Finding, Severity
from builder.profile.values import Profile


def check(profile: Profile) -> tuple[Finding, ...]:
    """Findings of topic `kickstart`; none for a kickstart that the user wrote, who knows what stands in it."""
    generation = profile.release.generation
    if profile.kickstart or profile.template or generation.ntp or not profile.ntp:
        return ()
    return (Finding(
        topic="kickstart", severity=Severity.WARNING,
        text=f"ntp is left out: the {generation.name.upper()} installer has no word for time servers",
        hint='packages = ["ntp"], and a post script that writes /etc/ntp.conf'),)

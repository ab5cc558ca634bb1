"""The installed system: its language, clock, services and firewall."""

from __future__ import annotations

import re

from builder import names
from builder.profile.file import schema
from builder.profile.tables.reading import Reading
from builder.profile.values import Firewall, Services

LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?(\.[A-Za-z0-9-]+)?(@[a-z]+)?")
WORD = re.compile(r"[A-Za-z0-9_+/.-]{1,64}")
SERVICE = re.compile(r"[A-Za-z0-9@_.:-]{1,128}")
PORT = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?:(tcp|udp)")


def language(text: str, reading: Reading) -> str:
    return reading.matched("language", text, LANGUAGE, "a locale such as cs_CZ.UTF-8")


def keyboard(text: str, reading: Reading) -> str:
    return reading.matched("keyboard", text, WORD, "a keyboard layout such as us or cz")


def timezone(text: str, reading: Reading) -> str:
    return reading.matched("timezone", text, WORD, "a time zone such as Europe/Prague")


def services(raw: schema.Services | None, reading: Reading) -> Services:
    raw = raw or schema.Services()
    return Services(enabled=reading.each("services.enabled", raw.enabled, _service),
                    disabled=reading.each("services.disabled", raw.disabled, _service))


def firewall(raw: schema.Firewall | None, reading: Reading) -> Firewall:
    raw = raw or schema.Firewall()
    return Firewall(enabled=raw.enabled, services=reading.each("firewall.services", raw.services, _service),
                    ports=reading.each("firewall.ports", raw.ports, _port))


def server(text: str) -> str:
    """An NTP server: a host name or an address."""
    try:
        return str(names.address(text))
    except ValueError:
        return names.hostname(text)


def _service(text: str) -> str:
    if not SERVICE.fullmatch(text):
        raise ValueError(f"{names.shown(text)} is no service name")
    return text


def _port(text: str) -> str:
    if not PORT.fullmatch(text):
        raise ValueError(f"{names.shown(text)} is no port (8080:tcp, 5000-5010:udp)")
    return text

"""What went wrong on the network, in words: whether trying again can help, and the error when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from builder.errors import Missing, NotFound, PinbootError
from builder.fetch.web import headers
from builder.names import shown

ABSENT = frozenset({403, 404, 410})
# RFC 9110 15.5.9, RFC 8470, RFC 6585: the server asks for another try; so does every 5xx.
TRANSIENT = frozenset({408, 425, 429})
TLS_HINT = ("look at this machine's clock (certificates are dated), and whether a proxy intercepts TLS; for a private "
            "authority give its certificate with --ca-file")
NETWORK_HINT = "look at the network, the firewall and the proxy (http_proxy, https_proxy, no_proxy), or try later"
NAME_HINT = "look at the spelling, at DNS and the network; behind a proxy set https_proxy and http_proxy"
# A proxy's answer to CONNECT that it will give again: refused (4xx), or it knows no tunnels (501).
NEVER_TUNNELS = re.compile(r"failed: (4[0-9]{2}|501)\b")
PROXY_HINT = ("http_proxy, https_proxy and all_proxy hold http:// URLs, as in http://proxy.example:3128; socks5:// and "
              "socks5h:// need the Python package pysocks beside pinboot")
# What requests and urllib3 raise for a proxy URL of the environment that they cannot use.
BAD_PROXY = frozenset({"InvalidSchema", "InvalidProxyURL", "ProxySchemeUnknown", "ProxySchemeUnsupported"})
ADDRESS_HINT = "look at the address, or use another mirror"


class Fault(Exception):
    """One failed try. `final`: another try would bring the same; `after`: seconds the server asked to wait.

    Never leaves builder.fetch: `error` makes the PinbootError of it.
    """

    def __init__(self, text: str, *, hint: str = NETWORK_HINT, final: bool = False, after: float | None = None,
                 kind: type[PinbootError] = Missing) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint
        self.final = final
        self.after = after
        self.kind = kind

    def error(self, url: str, tries: int) -> PinbootError:
        count = f" (tried {tries} times)" if tries > 1 else ""
        return self.kind(f"{headers.shown(url)}: {self.text}{count}", self.hint)


def of_status(status: int, reason: str, after: float | None) -> Fault:
    """The Fault of an answer that is no file."""
    said = f"the server answered {status}" + (f" {reason}" if re.fullmatch(r"[A-Za-z' -]{1,40}", reason) else "")
    if status in ABSENT:
        hint = "look at the address; an old release moves to a vault or archive server"
        return Fault(said, hint=hint, final=True, kind=NotFound)
    if status in TRANSIENT or status >= 500:
        return Fault(said, hint="the server is overloaded or broken; try later, or another mirror", after=after)
    if status == 407:
        return Fault(f"{said}: the proxy wants a password", final=True)
    if status == 401:
        return Fault(f"{said}: it wants a password, and none is ever sent", hint="use an open mirror", final=True)
    if 200 <= status < 300:
        return Fault(f"{said}, which is not a file", hint=ADDRESS_HINT, final=True)
    return Fault(said, hint=ADDRESS_HINT, final=True)


def of_exception(problem: BaseException, url: str) -> Fault:
    """The Fault of what requests, urllib3, http.client, ssl or socket raised on the way to `url`."""
    import socket
    import ssl  # 10 ms together with socket, for runs that do meet the network

    chain = list(_causes(problem))
    unusable = next((cause for cause in chain if type(cause).__name__ in BAD_PROXY), None)
    if unusable:
        return Fault(f"the proxy of the environment cannot be used: {_words(unusable)}", hint=PROXY_HINT, final=True)
    parts = urlsplit(url)
    host = parts.hostname or ""
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = f"TLS: the certificate of {host} is refused: {cause.verify_message}"
            return Fault(said, hint=TLS_HINT, final=True)
        if isinstance(cause, socket.gaierror):
            dead = cause.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
            return Fault(f"the host name {host} does not resolve: {cause.strerror}", hint=NAME_HINT, final=dead)
    refused = next((c for c in chain if type(c).__name__ == "ProxyError"), None)
    if refused:
        return Fault(f"the proxy does not serve: {_words(chain[-1])}", final=bool(NEVER_TUNNELS.search(str(refused))))
    for cause in chain:
        if isinstance(cause, ConnectionRefusedError):
            return Fault(f"{parts.netloc} refuses the connection")
        if isinstance(cause, TimeoutError):
            return Fault(f"{parts.netloc} does not answer in time: {_words(cause)}")
        if isinstance(cause, ssl.SSLError):
            return Fault(f"TLS: no safe connection to {host}: {_words(cause)}", hint=TLS_HINT)
    if type(chain[-1]).__name__ in ("BadStatusLine", "UnknownProtocol", "LineTooLong"):
        return Fault(f"what {parts.netloc} answers is no HTTP: {_words(chain[-1])}")
    return Fault(f"the connection to {parts.netloc} broke: {_words(chain[-1])}")


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The exception and those inside it: urllib3 puts them into `reason` or the arguments, Python into the context."""
    waiting, seen = [problem], set()
    while waiting:
        here = waiting.pop(0)
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        inside = [getattr(here, "reason", None), *here.args, here.__cause__, here.__context__]
        waiting += [one for one in inside if isinstance(one, BaseException)]


def _words(cause: BaseException) -> str:
    """The exception's own words, escaped (a server may have chosen them), without object addresses and passwords."""
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    text = re.sub(r"^(<[^>]*>|\w+\(host=.*?\)|_ssl\.c:[0-9]+): ", "", str(text))
    return shown(re.sub(r"//[^/@\s]*@", "//", text)).strip('"')

"""An nginx site for a bundle: what never changes is cached for ever, pointers never, kickstarts only for who knows the
path, and no log tells it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from builder import names
from builder.errors import UsageError
from builder.names import shown
from builder.outputs.boot import Served
from builder.outputs.rendered import Rendered

PATH = "nginx/pinboot.conf"
LOGS = "/var/log/nginx"


def site(served: Served, folder: str, *, certificate: str = "", key: str = "", logs: str = LOGS) -> Rendered:
    """A file for conf.d: `folder` holds what http/ of the bundle holds; `certificate` and `key` are files on the
    server, for an https URL; `logs` a folder there.

    Raises UsageError: no absolute path, https without a certificate, or a URL that a site cannot have.
    """
    if not served.place:
        raise UsageError(f"serve.url: {served.http} holds no id of the bundle, so nothing at it could be kept for ever")
    parts = urlsplit(served.root)
    if parts.scheme == "https" and not (certificate and key):
        raise UsageError(f"serve.url: {served.root} needs a certificate and its key on the server")
    files = {"folder": folder, "logs": logs}
    if parts.scheme == "https":
        files |= {"certificate": certificate, "key": key}
    above = served.place[: served.place.rfind("/") + 1]
    try:
        for field, path in files.items():
            _checked(field, path)
        values = {
            "listen": _listen(served.root),
            "name": _name(parts.hostname or ""),
            "tls": _tls(certificate, key) if parts.scheme == "https" else "",
            "folder": quote(folder),
            "access": quote(f"{logs}/pinboot-access.log"),
            "error": quote(f"{logs}/pinboot-error.log"),
            "base": _base(unquote(parts.path.strip("/"))),
            "immutable": quote(f"/{served.place.split('/')[0]}/"),
            "kickstarts": quote(f"^/{re.escape(above)}[^/]+/ks/"),
        }
    except ValueError as reason:
        raise UsageError(f"nginx: {reason}") from None
    return Rendered(PATH, re.sub(r"@([a-z]+)@", lambda found: values[found[1]], _SITE))


def quote(text: str) -> str:
    """`text` as one word in double quotes, where blanks, ; # {{ and }} are plain (ngx_conf_file.c).

    Raises ValueError for a control character, and for $, which begins a variable and has no escape in nginx.
    """
    if "$" in text or not text.isprintable():
        raise ValueError(f"{shown(text)} holds a $ or a control character, which nginx has no way to write")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _checked(field: str, path: str) -> None:
    if not path.startswith("/") or "/../" in f"{path}/" or "//" in path:
        raise ValueError(f"{field}: {shown(path)} is no absolute path")


def _listen(root: str) -> str:
    """The address of the URL, else all of them for a name; storms want a long queue and one for each worker."""
    parts = urlsplit(root)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname or ""
    numeric = f"[{host}]" if ":" in host else host if re.fullmatch(r"[0-9.]+", host) else ""
    place = f"{numeric}:{port}" if numeric else str(port)
    return f"{place}{' ssl' if parts.scheme == 'https' else ''} backlog=4096 reuseport"


def _name(host: str) -> str:
    try:
        names.address(host)
    except ValueError:
        return f"server_name {quote(host)};"
    # Whoever asks at this address is meant, whatever name it says.
    return "server_name _;"


def _tls(certificate: str, key: str) -> str:
    return (f"\n    ssl_certificate {quote(certificate)};\n    ssl_certificate_key {quote(key)};"
            "\n    ssl_protocols TLSv1.2 TLSv1.3;\n    ssl_session_cache shared:pinboot_tls:4m;")


def _base(path: str) -> str:
    """The URL's own path is no folder of the bundle."""
    if not path:
        return ""
    return f"\n    rewrite {quote(f'^/{re.escape(path)}(/.*)')} \"$1\";"


# The map masks what follows ks/ in the path that was looked up: decoded, and without its query. limit_req and open()
# tell whole request lines in the error log, so that is quiet where the paths are secret; what is missing (updates.img,
# product.img: BOOTLAB) is no error. A file that may not be read, a folder and a wrong token look the same (RELIABILITY
# V14): without try_files a folder would answer with its own name and a slash. open_file_cache would keep an old pointer
# for a while, so only files that never change are in it.
_SITE = """\
# Made by pinboot: change the profile and build again, not this file.
# Put it into /etc/nginx/conf.d (it belongs inside http{}), try it with nginx -t, then reload nginx.
# For a storm set in nginx.conf: worker_processes auto; worker_rlimit_nofile 16384; events { worker_connections 4096; }

map $uri $pinboot_path {
    default $uri;
    "~^(?<pinboot_head>.*?/ks/)[^/]*(?<pinboot_tail>.*)$" "${pinboot_head}-$pinboot_tail";
}
log_format pinboot '$remote_addr [$time_iso8601] $request_method "$pinboot_path" $status $body_bytes_sent '
                   '$request_time "$http_user_agent"';
limit_req_zone $binary_remote_addr zone=pinboot_kickstarts:4m rate=1r/s;
limit_conn_zone $binary_remote_addr zone=pinboot_clients:4m;

server {
    listen @listen@;
    @name@@tls@
    root @folder@;
    access_log @access@ pinboot;
    error_log @error@ error;
    log_not_found off;
    server_tokens off;
    autoindex off;
    disable_symlinks on from=$document_root;
    error_page 403 =404 @nothing;
    default_type application/octet-stream;
    types {
        text/plain ks cfg ipxe;
    }

    # Files of hundreds of megabytes to hundreds of machines: no copying, and a slow one holds nobody up.
    sendfile on;
    sendfile_max_chunk 1m;
    tcp_nopush on;
    keepalive_timeout 30s;
    keepalive_requests 1000;
    client_header_timeout 10s;
    client_body_timeout 10s;
    client_max_body_size 1k;
    send_timeout 60s;
    reset_timedout_connection on;
    max_ranges 1;
    limit_conn pinboot_clients 128;
    limit_conn_status 429;
    limit_req_status 429;@base@

    location @nothing {
        internal;
        return 404;
    }

    # Pointers: what a machine does next, and all else that the next build may change.
    location / {
        location ~ "/\\.(?!(?:treeinfo|discinfo|composeinfo)$)" {
            return 404;
        }
        try_files $uri =404;
        add_header Cache-Control "no-store";
    }

    # What never changes: its path holds the id of the bundle.
    location ^~ @immutable@ {
        location ~ "/\\.(?!(?:treeinfo|discinfo|composeinfo)$)" {
            return 404;
        }
        location ~ @kickstarts@ {
            try_files $uri =404;
            limit_req zone=pinboot_kickstarts burst=20 nodelay;
            error_log @error@ emerg;
            add_header Cache-Control "private, no-store";
        }
        try_files $uri =404;
        open_file_cache max=4096 inactive=5m;
        open_file_cache_valid 1m;
        open_file_cache_errors off;
        add_header Cache-Control "public, max-age=31536000, immutable";
    }
}
"""

"""The nginx site, taken apart as nginx does; nginx itself serves it in tests/tool/test_service_tools.py."""

import re
from urllib.parse import unquote

import pytest

from builder.errors import UsageError
from builder.outputs.boot import Served
from builder.outputs.services import nginx
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.serving import served

FOLDER = "/srv/pinboot/http"


def parsed(text):
    """Directives as lists of words, blocks as a word list and a list of directives (ngx_conf_read_token)."""
    stack, words, at = [[]], [], 0
    while at < len(text):
        sign = text[at]
        if sign == "#" and (at == 0 or text[at - 1] in " \n"):
            at = text.index("\n", at)
        elif sign in ";{}":
            if sign == "{":
                stack[-1].append((words, []))
                stack.append(stack[-1][-1][1])
            elif sign == "}":
                assert not words
                stack.pop()
            else:
                stack[-1].append(words)
            words = []
        elif sign in "\"'":
            word, at = "", at + 1
            while text[at] != sign:
                if text[at] == "\\" and text[at + 1] in "\"'\\":
                    at += 1
                word += text[at]
                at += 1
            words.append(word)
            assert text[at + 1] in " ;{\n)"
        elif not sign.isspace():
            end = at
            while text[end] not in " \n;" and not (text[end] == "{" and text[end - 1] != "$"):
                end += 1
            words.append(text[at:end])
            at = end - 1
        at += 1
    assert len(stack) == 1 and not words
    return stack[0]


def server(text):
    (found,) = [block for block in parsed(text) if isinstance(block, tuple) and block[0] == ["server"]]
    return found[1]


def setting(block, name):
    return [line[1:] for line in block if isinstance(line, list) and line[0] == name]


def locations(block):
    return {" ".join(head[1:]): body for head, body in (line for line in block if isinstance(line, tuple))
            if head[0] == "location"}


def test_data_is_for_ever_pointers_are_never_kept_and_kickstarts_are_private():
    made = locations(server(nginx.site(served(), FOLDER).text))
    assert list(made) == ["@nothing", "/", "^~ /b/"]
    assert setting(made["^~ /b/"], "add_header") == [["Cache-Control", "public, max-age=31536000, immutable"]]
    assert setting(made["/"], "add_header") == [["Cache-Control", "no-store"]]
    inside = locations(made["^~ /b/"])
    assert setting(inside["~ ^/b/[^/]+/ks/"], "add_header") == [["Cache-Control", "private, no-store"]]
    assert setting(inside["~ ^/b/[^/]+/ks/"], "limit_req") == [["zone=pinboot_kickstarts", "burst=20", "nodelay"]]
    assert "open_file_cache" not in [line[0] for line in made["/"]]


def test_no_folder_is_listed_and_no_link_is_followed():
    made = server(nginx.site(served(), FOLDER).text)
    assert setting(made, "autoindex") == [["off"]] and setting(made, "root") == [[FOLDER]]
    assert setting(made, "disable_symlinks") == [["on", "from=$document_root"]]
    assert setting(made, "error_page") == [["403", "=404", "@nothing"]]


@pytest.mark.parametrize(("root", "listen", "name"), [
    ("http://10.20.0.5", "10.20.0.5:80", "_"),
    ("http://10.20.0.5:8080", "10.20.0.5:8080", "_"),
    ("http://[2001:db8::5]", "[2001:db8::5]:80", "_"),
    ("http://boot.example.com", "80", "boot.example.com"),
    ("https://boot.example.com:8443", "8443 ssl", "boot.example.com"),
])
def test_it_listens_where_the_url_says_and_nowhere_else(root, listen, name):
    made = server(nginx.site(served(root=root), FOLDER, certificate="/etc/ssl/boot.pem", key="/etc/ssl/boot.key").text)
    assert [" ".join(each) for each in setting(made, "listen")] == [f"{listen} backlog=4096 reuseport"]
    assert setting(made, "server_name") == [[name]]
    assert bool(setting(made, "ssl_certificate")) is root.startswith("https")


def test_the_path_of_the_url_itself_is_taken_off():
    made = server(nginx.site(served(root="http://10.20.0.5/os.images"), FOLDER).text)
    assert setting(made, "rewrite") == [[r"^/os\.images(/.*)", "$1"]]
    assert "^~ /b/" in locations(made)


def test_https_without_a_certificate_is_refused():
    with pytest.raises(UsageError, match=r"^serve\.url: https://boot\.example needs a certificate and its key"):
        nginx.site(served(root="https://boot.example"), FOLDER)


def test_a_bundle_without_an_id_in_its_url_is_refused():
    with pytest.raises(UsageError, match=r"^serve\.url: http://10\.20\.0\.5 holds no id of the bundle"):
        nginx.site(Served(http="http://10.20.0.5", root="http://10.20.0.5"), FOLDER)


ORDINARY = parsed(nginx.site(served(root="https://boot.example"), FOLDER, certificate="/c.pem", key="/k.pem", logs="/var/l").text)
FIELDS = {
    "folder": (FOLDER, lambda text: nginx.site(served(root="https://boot.example"), text, certificate="/c.pem", key="/k.pem",
                                               logs="/var/l")),
    "certificate": ("/c.pem", lambda text: nginx.site(served(root="https://boot.example"), FOLDER, certificate=text, key="/k.pem",
                                                      logs="/var/l")),
    "logs": ("/var/l", lambda text: nginx.site(served(root="https://boot.example"), FOLDER, certificate="/c.pem", key="/k.pem",
                                               logs=text)),
    "name": ("boot.example", lambda text: nginx.site(served(root=f"https://{text}"), FOLDER, certificate="/c.pem", key="/k.pem",
                                                     logs="/var/l")),
}


def replaced(block, old, new):
    if isinstance(block, str):
        return block.replace(old, new)
    return type(block)(replaced(each, old, new) for each in block)


@pytest.mark.parametrize("field", FIELDS)
def test_a_hostile_or_odd_word_is_refused_or_read_back_as_itself_and_nothing_else(field):
    stands, make = FIELDS[field]
    passed = 0
    for word in (*HOSTILE, *ODD):
        text = word if field == "name" else f"/{word}"
        if field == "name" and ("/" in word or ":" in word):
            continue  # a path or a port, which have tests of their own
        try:
            made = make(text).text
        except (ValueError, UsageError):
            continue
        passed += 1
        assert parsed(made) == replaced(ORDINARY, stands, text), text
    assert passed >= (3 if field == "name" else 200)


def test_the_path_of_the_url_is_refused_or_stays_one_word():
    passed = 0
    for text in (*HOSTILE, *ODD):
        try:
            made = nginx.site(served(root=f"https://boot.example/{text}"), FOLDER, certificate="/c.pem", key="/k.pem",
                              logs="/var/l").text
        except (ValueError, UsageError):
            continue
        passed += bool(text)
        (found,) = setting(server(made), "rewrite") or [None]
        assert found == ([f"^/{re.escape(unquote(text))}(/.*)", "$1"] if text else None)
        without = [line for line in server(made) if line[0] != "rewrite"]
        assert without == next(block[1] for block in ORDINARY if isinstance(block, tuple) and block[0] == ["server"])
    assert passed > 100


@pytest.mark.parametrize("text", ["a\nb", "a\0b", "$host", "${host}", "\x1b[2J", "a\u2028b", "\u202e"])
def test_what_nginx_cannot_write_is_refused(text):
    with pytest.raises(ValueError, match="which nginx has no way to write"):
        nginx.quote(text)


@pytest.mark.parametrize("folder", ["", "srv", "/srv/../etc", "/srv//http", "/srv/http/.."])
def test_a_folder_that_is_no_absolute_path_is_refused(folder):
    with pytest.raises(UsageError, match="^nginx: folder: .* is no absolute path"):
        nginx.site(served(), folder)

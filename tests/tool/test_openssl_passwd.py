"""A password hashed here is the one that OpenSSL makes: `openssl passwd -6` with the same salt."""

import subprocess

import pytest

from builder.profile import passwords
from tests.tool.tools import need


@pytest.mark.tool
@pytest.mark.parametrize("password", ["x", "correct horse battery staple", "'\"\\$`#", "p\u00e1ssw\u00f6rd \u017e", " both ends ", "a" * 199])
@pytest.mark.parametrize("salt", ["a", "saltstring", "./09AZaz./09AZaz"])
def test_openssl_makes_the_same_hash(password, salt):
    tool = need("openssl", "openssl")
    done = subprocess.run([tool, "passwd", "-6", "-salt", salt, "-stdin"], input=f"{password}\n".encode(), capture_output=True, check=True)
    assert done.stdout.decode().strip() == passwords.make(password, salt=salt)

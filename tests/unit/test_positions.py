"""Lines of keys in TOML, for errors."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from builder.profile.file import positions

TEXT = '''# head
release = "rocky-9" # x
outputs = ["xen",
  # comment
  "b"]
post = ["""long
key = "not a key"
""", 'c']
a.b = 1

[network]
gateway = '192.168.1.300'

[host."web.1"]
disk = { size = "20 GiB", file = "/x" }
mac = "00:16"
[user.admin] # end
'''


def test_every_key_has_its_line():
    found = positions.lines(TEXT)
    assert {k: found[k] for k in ("release", "outputs", "outputs[1]", "post", "a.b", "network.gateway",
                                  "host.web.1.disk.file", "host.web.1.mac", "user.admin")} == {
        "release": 2, "outputs": 3, "outputs[1]": 5, "post": 6, "a.b": 9, "network.gateway": 12,
        "host.web.1.disk.file": 15, "host.web.1.mac": 16, "user.admin": 17}
    assert not any("not a key" in key for key in found)


def _keys(table, above=()):
    for name, value in table.items():
        yield ".".join((*above, name))
        if isinstance(value, dict):
            yield from _keys(value, (*above, name))


_NAME = st.text("abcxyz_-09", min_size=1, max_size=6)
_VALUE = st.one_of(st.integers(), st.booleans(), st.text("ab#=[]{},'\\ \t", max_size=8))


def _toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace("\t", "\\t") + '"'


@given(st.dictionaries(_NAME, st.one_of(_VALUE, st.lists(_VALUE, max_size=3)), max_size=5),
       st.dictionaries(_NAME, st.dictionaries(_NAME, _VALUE, max_size=4), max_size=4))
def test_the_scanner_finds_exactly_the_keys_that_tomllib_finds(scalars, tables):
    rows = []
    for name, value in scalars.items():
        text = "[" + ", ".join(_toml(v) for v in value) + "]" if isinstance(value, list) else _toml(value)
        rows.append(f"{name} = {text} # c")
    for name, table in tables.items():
        rows.append(f"[t_{name}]")
        rows.extend(f"'{key}' = {_toml(value)}" for key, value in table.items())
    text = "\n".join(rows) + "\n"
    found = positions.lines(text)
    assert {k for k in found if "[" not in k} == set(_keys(tomllib.loads(text)))
    for key, line in found.items():
        name = key.rpartition(".")[2].partition("[")[0]
        assert name in rows[line - 1]

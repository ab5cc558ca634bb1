"""A process that forks others which run one pinboot command each: everything is imported once, so a run takes
milliseconds where a new interpreter takes half a second. Run as `python -m tests.crash.children`.

Requests come as lines of JSON, answers go the same way. A child counts the system calls that change the disk, and may
be told to meet a signal right before one of them; a write is half done when it is SIGKILL.
"""

import contextlib
import ctypes
import importlib
import itertools
import json
import mmap
import os
import pkgutil
import resource
import signal
import sys
import traceback

CALLS = ("write", "fsync", "rename", "replace", "open", "unlink", "link", "mkdir", "rmdir", "ftruncate", "fchmod", "utime",
         "copy_file_range", "sendfile")
FAILED = 99  # a traceback, which no command may end with


def import_all():
    import builder

    for module in pkgutil.walk_packages(builder.__path__, "builder."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("requests", "jinja2", "pykickstart.parser", "pykickstart.version", "pykickstart.handlers.rhel7", "tqdm",
                 "lzma", "zlib", "tarfile", "msgspec", "tomllib", "encodings.idna"):
        importlib.import_module(name)


def watch(count, at, number):
    """Count every call in `count[0:4]`; at call `at` send this process the signal `number`."""
    numbers = itertools.count(1)

    def watched(name, call):
        def wrapper(*arguments, **named):
            now = next(numbers)  # one step, so that threads count right
            count[:4] = now.to_bytes(4, "little")
            if now == at:
                if name == "write" and number == signal.SIGKILL:
                    call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os.kill(os.getpid(), number)
            return call(*arguments, **named)

        return wrapper

    for name in CALLS:
        setattr(os, name, watched(name, getattr(os, name)))


def drop_capabilities():
    """From now on permissions hold for root too (capset(2), version 3: two times three words)."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


def child(asked, count):
    from builder.cli.main import main
    from builder.media.listing import runs, spool

    os.chdir(asked["cwd"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(asked["env"])
    if asked["spooling"]:
        spool.ROOM, spool.FLUSH, runs.HELD = 0, 4096, 8
    if asked["fsize"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["fsize"], asked["fsize"]))
    if asked["plain"]:
        drop_capabilities()
    if asked["at"]:
        watch(count, asked["at"], asked["signal"])
    code = FAILED
    try:
        code = main(asked["argv"])
    except BaseException:  # noqa: BLE001 - what the interpreter would print
        traceback.print_exc()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def run(asked):
    count = mmap.mmap(-1, 4096)
    pid = os.fork()
    if not pid:
        child(asked, count)
    status = os.waitpid(pid, 0)[1]
    return {"code": os.waitstatus_to_exitcode(status), "calls": int.from_bytes(count[:4], "little")}


if __name__ == "__main__":
    import_all()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()

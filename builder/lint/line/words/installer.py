"""Options of the installer itself.

Sources: anaconda docs/boot-options.rst and pyanaconda/argument_parsing.py of its branches, dracut/parse-anaconda-*.sh,
and for EL6 parseCmdLineFlags in loader/loader.c and docs/command-line.txt (REFERENCE 1.2).
"""

from __future__ import annotations

from builder.finding import Severity
from builder.lint.line.words.row import row

_BAD = Severity.ERROR
_RDP = "use inst.rdp inst.rdp.username=NAME inst.rdp.password=WORD"
_PROFILE = "use inst.profile=ID"
_X = "leave it out: the installer has no X server any more"
_MULTIPATH = "leave it out"
_WIRELESS = "leave it out: the installer sets up no wireless network at boot"

SOURCES = (
    row("repo", "el6-el8", "repo", "el7-", "tree", "da", "where stage2 and packages come from", loss=_BAD),
    row("method", "el6-el8", "", "", "tree", "da", "where stage2 and packages come from", loss=_BAD,
        instead="use inst.repo=", fading="el7-el8"),
    row("", "", "method", "el7-el9", "any", "a", "where packages come from, to stage2 alone", loss=_BAD,
        instead="use inst.repo=", fading="el7-el9"),
    row("stage2", "el6-el8", "stage2", "el7-", "tree", "d", "where stage2 alone comes from", loss=_BAD),
    row("", "", "stage2.all", "el8-", "flag", "d", "try every inst.stage2= in turn"),
    row("", "", "addrepo", "el8-", "addrepo", "a", "one more repository", loss=_BAD),
    row("noverifyssl", "el6-el8", "noverifyssl", "el7-", "flag", "da", "take any TLS certificate", loss=_BAD),
    row("proxy", "el6-", "proxy", "el7-", "any", "da", "the proxy for http and https", loss=_BAD),
    row("updates", "el6-el8", "updates", "el7-", "image", "da", "patches of the installer", loss=_BAD),
    row("dd", "el6-el8", "dd", "el7-", "image", "d", "driver disks", loss=_BAD),
    row("driverdisk", "el6", "", "", "image", "d", "driver disks", loss=_BAD, instead="use inst.dd="),
    row("", "", "multilib", "el7-", "flag", "a", "packages of every architecture"),
    row("", "", "liveinst", "el7-", "flag", "a", "installs from a live system"),
    row("", "", "image", "el7-", "any", "a", "installs into an image file"),
    row("", "", "dirinstall", "el7-", "flag", "a", "installs into a folder"),
)
KICKSTART = (
    row("ks", "el6-el8", "ks", "el7-", "kickstart", "da", "the kickstart", loss=_BAD),
    row("", "", "kickstart", "el7-", "any", "a", "a kickstart that is in the installer already"),
    row("", "", "ks.all", "el8-", "flag", "d", "try every inst.ks= in turn"),
    row("kssendmac", "el6-el8", "ks.sendmac", "el7-", "flag", "d", "MACs as headers of the kickstart's request"),
    row("kssendsn", "el6-el8", "ks.sendsn", "el7-", "flag", "d", "serial number as a header of that request"),
    row("", "", "ks.cert", "el10-", "any", "d", "a certificate for the kickstart's request"),
    row("", "", "ksstrict", "el8-", "flag", "a", "warnings of the kickstart end the installation"),
    row("", "", "nosave", "el7-", "any", "a", "logs and kickstarts that are not kept"),
)
SCREEN = (
    row("text", "el6-el8", "text", "el7-", "flag", "a", "text mode"),
    row("cmdline", "el6-el8", "cmdline", "el7-", "flag", "a", "no questions: it ends where it would ask"),
    row("graphical", "el6-el8", "graphical", "el7-", "flag", "a", "graphical mode"),
    row("", "", "noninteractive", "el8-", "flag", "a", "no questions: it ends where it would ask"),
    row("vnc", "el6-el8", "vnc", "el7-el9", "flag", "da", "the screen by VNC", loss=_BAD, instead=_RDP),
    row("vncpassword", "el6-el8", "vncpassword", "el7-el9", "any", "a", "VNC's password", loss=_BAD, instead=_RDP),
    row("vncconnect", "el6-el8", "vncconnect", "el7-el9", "any", "a", "calls a listening VNC viewer", loss=_BAD,
        instead=_RDP),
    row("", "", "rdp", "el10-", "flag", "da", "the screen by RDP", loss=_BAD, instead="use inst.vnc"),
    row("", "", "rdp.username", "el10-", "any", "a", "RDP's user", loss=_BAD),
    row("", "", "rdp.password", "el10-", "any", "a", "RDP's password", loss=_BAD),
    row("display", "el6", "display", "", "any", "a", "an X display elsewhere", instead="use inst.vnc or inst.rdp"),
    row("resolution", "el6-el8", "resolution", "el7-", "any", "a", "size of the screen"),
    row("xdriver", "el6-el8", "xdriver", "el7-el9", "any", "a", "the X driver", instead=_X),
    row("usefbx", "el6-el8", "usefbx", "el7-el9", "flag", "a", "the framebuffer's X driver", instead=_X),
    row("", "", "xtimeout", "el7-", "any", "a", "how long the screen may take to come up"),
    row("headless", "el6-el8", "headless", "el7-el8", "flag", "a", "no display hardware"),
    row("lowres", "el6", "", "", "flag", "a", "640x480", instead="use inst.resolution=800x600"),
    row("", "", "webui", "fedora", "flag", "a", "the web interface"),
    row("", "", "webui.remote", "fedora", "flag", "a", "the web interface from elsewhere"),
    row("", "", "webui.remote.noauth", "fedora", "flag", "a", "the same, without a PIN"),
    row("", "", "webui.remote.pin", "fedora", "any", "a", "the PIN of the web interface"),
    row("", "", "notmux", "el7-", "flag", "a", "no tmux"),
)
PLACE = (
    row("lang", "el6-el8", "lang", "el7-", "any", "a", "the language"),
    row("keymap", "el6-el8", "keymap", "el7-", "any", "a", "the keyboard"),
    row("", "", "singlelang", "el7-el8", "flag", "a", "one language alone", instead="the kickstart's lang"),
    row("", "", "geoloc", "el7-", "any", "a", "language and time zone by place"),
    row("", "", "geoloc-use-with-ks", "el9-", "flag", "a", "the same with a kickstart"),
    row("utf8", "el6", "", "", "flag", "a", "TERM=vt100", instead="leave it out"),
)
REACH = (
    row("sshd", "el6-el8", "sshd", "el7-", "flag", "a", "ssh into the installer"),
    row("syslog", "el6-el8", "syslog", "el7-", "any", "a", "logs to another machine"),
    row("", "", "virtiolog", "el7-", "any", "a", "logs to the hypervisor"),
    row("", "", "remotelog", "el8-", "any", "a", "logs to another machine, as they come"),
    row("loglevel", "el6-el8", "loglevel", "el7-el8", "any", "a", "how much is logged", kernel=True,
        instead="leave it out: everything is logged"),
    row("telnet", "el6", "", "", "flag", "a", "telnet into the installer", instead="use inst.sshd"),
    row("gdb", "el6", "", "", "any", "a", "a debugger of the loader", instead="use rd.debug"),
    row("", "", "debug", "el7-", "flag", "da", "debugging mode"),
    row("rescue", "el6-el8", "rescue", "el7-", "flag", "a", "the rescue system", loss=_BAD),
    row("nomount", "el6-el8", "nomount", "el7-", "flag", "a", "the rescue system mounts nothing"),
    row("nokill", "el6-el8", "nokill", "el7-", "flag", "a", "no reboot after a failure"),
    row("noshell", "el6-el8", "noshell", "el7-", "flag", "a", "no shell on tty2"),
    row("", "", "waitfornet", "el7-", "any", "a", "seconds to wait for the network in stage2"),
    row("dhcpclass", "el6", "dhcpclass", "el7-", "any", "d", "the vendor class for DHCP"),
    row("", "", "net.noautodefault", "el9-", "flag", "d", "no connection for cards that nobody named"),
    row("", "", "wait_for_disks", "el8-", "any", "d", "seconds to wait for disks"),
    row("", "", "kernel.hung_task_timeout_secs", "el8-", "any", "d", "a timeout of the kernel"),
)
SYSTEM = (
    row("selinux", "el6-", "selinux", "el7-", "flag", "a", "SELinux on the installed system", kernel=True),
    row("noselinux", "el6-el8", "noselinux", "el7-", "flag", "a", "no SELinux"),
    row("", "", "gpt", "el7-", "flag", "a", "GPT disk labels", instead="use inst.disklabel=gpt", fading="el10-"),
    row("", "", "disklabel", "el10-", "any", "a", "GPT or MBR disk labels", instead="use inst.gpt"),
    row("", "", "product", "el8-el9", "any", "a", "the product whose defaults hold", instead=_PROFILE),
    row("", "", "variant", "el8-el9", "any", "a", "the variant whose defaults hold", instead=_PROFILE),
    row("", "", "profile", "el9-", "any", "a", "the profile whose defaults hold"),
    row("nompath", "el6-el8", "nompath", "el7-el9", "flag", "a", "no multipath", instead=_MULTIPATH),
    row("mpath", "el6-el8", "mpath", "el7-", "flag", "a", "multipath"),
    row("nodmraid", "el6-el8", "nodmraid", "el7-el9", "flag", "a", "no BIOS RAID", instead=_MULTIPATH),
    row("dmraid", "el6-el8", "dmraid", "el7-el9", "flag", "a", "BIOS RAID", instead=_MULTIPATH),
    row("", "", "ibft", "el7-", "flag", "a", "iSCSI disks of the firmware"),
    row("", "", "noibft", "el7-", "flag", "a", "no iSCSI disks of the firmware"),
    row("", "", "nonibftiscsiboot", "el7-", "flag", "a", "boot loader on other iSCSI disks"),
    row("mpathfriendlynames", "el6-el8", "mpathfriendlynames", "el7-", "flag", "a", "mpatha and so on"),
    row("", "", "zram", "el7-el8", "any", "a", "swap in memory", instead="leave it out: zram is set up by itself"),
    row("mediacheck", "el6", "mediacheck", "", "flag", "a", "checks the medium", instead="use rd.live.check"),
    row("extlinux", "el7-el8", "extlinux", "el7-", "flag", "a", "extlinux as boot loader"),
    row("", "", "sdboot", "el10-", "flag", "a", "systemd-boot as boot loader"),
    row("leavebootorder", "el7-el8", "leavebootorder", "el7-", "flag", "a", "the boot order stays"),
    row("noeject", "el6-el8", "noeject", "el7-", "flag", "a", "the disc stays in"),
    row("nombr", "el7-el8", "nombr", "el7-", "flag", "a", "no boot loader in the MBR"),
    row("", "", "kexec", "el7-", "flag", "a", "starts the new system by kexec"),
    row("", "", "memcheck", "el7-", "flag", "a", "checks memory"),
    row("", "", "nomemcheck", "el7-", "flag", "a", "does not check memory"),
    row("", "", "armplatform", "el7-", "any", "a", "old name of an ARM board"),
    row("", "", "kdump_addon", "el7-", "any", "a", "the kdump add-on, on or off"),
    row("", "", "blacklist", "el7", "any", "d", "kernel modules that are not loaded",
        instead="use modprobe.blacklist=", fading="el7"),
)
# Words of EL6's loader (and before) that later installers do not have; most of them answer with a warning.
GONE = (
    row("askmethod", "el6", "", "", "flag", "a", "asks for the install source", instead="use inst.repo="),
    row("asknetwork", "el6", "", "", "flag", "a", "asks for the network", instead="use ip="),
    row("serial", "el6", "", "", "flag", "a", "the first serial port as screen", instead="use console=ttyS0"),
    row("ethtool", "el6", "", "", "any", "d", "speed of the card",
        instead="use rd.ethtool= where NetworkManager runs"),
    row("noipv6", "el6", "", "", "flag", "d", "no IPv6", instead="use ipv6.disable=1"),
    row("noipv4", "el6", "", "", "flag", "d", "no IPv4", instead="use ip=auto6 or ip=dhcp6"),
    row("nofirewire", "el6-el7", "", "", "flag", "d", "no FireWire", fading="el7",
        instead="use modprobe.blacklist=firewire_ohci"),
    row("blacklist", "el7", "", "", "any", "d", "kernel modules that are not loaded", fading="el7",
        instead="use modprobe.blacklist="),
    row("essid", "el6", "", "", "any", "d", "the wireless network", instead=_WIRELESS),
    row("wepkey", "el6", "", "", "any", "d", "its key", instead=_WIRELESS),
    row("wpakey", "el6", "", "", "any", "d", "its key", instead=_WIRELESS),
    row("linksleep", "el6", "", "", "any", "d", "seconds to wait for the link",
        instead="use rd.net.timeout.carrier= or inst.waitfornet="),
    row("nicdelay", "el6", "", "", "any", "d", "seconds to wait after the link is up",
        instead="use rd.net.timeout.carrier= or inst.waitfornet="),
    row("dhcptimeout", "el6", "", "", "any", "d", "seconds to wait for DHCP", instead="use rd.net.timeout.dhcp="),
    row("upgradeany", "el6", "", "", "flag", "a", "upgrades whatever is there", instead="leave it out"),
    row("nousbstorage", "el6", "", "", "flag", "d", "no USB disks", instead="use modprobe.blacklist=usb_storage"),
    row("noprobe", "el6", "", "", "flag", "d", "asks for drivers", instead="leave it out"),
    row("allowwireless", "el6", "", "", "flag", "d", "wireless cards count", instead=_WIRELESS),
    row("dlabel", "el6", "", "", "any", "d", "driver disks by label", instead="leave it out: OEMDRV is always found"),
)
ROWS = (*SOURCES, *KICKSTART, *SCREEN, *PLACE, *REACH, *SYSTEM, *GONE)

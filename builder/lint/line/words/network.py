"""Words that set up the network while the installer runs: dracut.cmdline(7), nm-initrd-generator(8), and those of EL6's
loader (REFERENCE 1.6)."""

from __future__ import annotations

from builder.finding import Severity
from builder.lint.line.words.row import row

_BAD = Severity.ERROR
_IP = "give it as a field of ip="

ROWS = (
    row("ip", "el6-", "", "", "network", "n", "the network", loss=_BAD),
    row("ipv6", "el6-", "", "", "network", "n", "IPv6", fading="el7-", loss=_BAD,
        instead="use ip=auto6, ip=dhcp6 or ip=[ADDRESS]"),
    row("nameserver", "el7-", "", "", "network", "n", "a name server", loss=_BAD, instead="use dns="),
    row("dns", "el6-", "", "", "network", "n", "name servers", fading="el7-", loss=_BAD,
        instead="use nameserver=, one for each server"),
    row("bootdev", "el7-", "", "", "network", "n", "the interface that the installer is reached by", loss=_BAD,
        instead="use ksdevice="),
    row("ksdevice", "el6-", "", "", "network", "d", "the interface that the kickstart is fetched by",
        fading="el7-", instead="use bootdev=NAME, or BOOTIF=01-MAC"),
    # In templates of foreman and koan; no parse-anaconda-net.sh reads them.
    row("ks.device", "", "ks.device", "", "network", "n", "", instead="use bootdev=NAME, or BOOTIF=01-MAC"),
    row("", "", "ksdevice", "", "network", "n", "", instead="use bootdev=NAME, or BOOTIF=01-MAC"),
    row("BOOTIF", "el6-", "", "", "network", "n", "the MAC of the card that the loader came by", loss=_BAD),
    row("ifname", "el7-", "", "", "network", "dn", "the name of a card", loss=_BAD),
    row("bond", "el6-", "", "", "network", "n", "a bond", loss=_BAD),
    row("bridge", "el7-", "", "", "network", "n", "a bridge", loss=_BAD),
    row("team", "el7-el9", "", "", "network", "n", "a team", loss=_BAD,
        instead="use bond=NAME:PORTS:mode=active-backup,miimon=100"),
    row("vlan", "el7-", "", "", "network", "n", "a VLAN", loss=_BAD, instead="use vlanid="),
    row("vlanid", "el6", "", "", "network", "n", "the VLAN's id", loss=_BAD, instead="use vlan=NAME:PARENT"),
    row("netmask", "el6-el8.2", "", "", "network", "n", "the netmask", fading="el7-el8.2", loss=_BAD, instead=_IP),
    row("gateway", "el6-el8.2", "", "", "network", "n", "the gateway", fading="el7-el8.2", loss=_BAD, instead=_IP),
    row("hostname", "el6-el8.2", "", "", "network", "n", "the host name", fading="el7-el8.2", instead=_IP),
    row("mtu", "el6-el8.2", "", "", "network", "n", "the MTU", fading="el7-el8.2", instead=_IP),
    row("rd.route", "el7-", "", "", "network", "n", "a route", loss=_BAD),
    row("rd.peerdns", "el7-", "", "", "network", "n", "whether name servers of DHCP count"),
    row("rd.neednet", "el7-", "", "", "network", "n", "the network must come up"),
    row("rd.bootif", "el7-", "", "", "network", "n", "whether BOOTIF= counts"),
    row("rd.net.timeout.carrier", "el7-", "", "", "network", "n", "seconds to wait for the link"),
    row("rd.net.timeout.dhcp", "el7-", "", "", "network", "n", "seconds to wait for DHCP"),
    row("rd.net.dhcp.retry", "el7-", "", "", "network", "n", "how often DHCP is asked"),
    row("rd.net.dhcp.vendor-class", "el8.3-", "", "", "network", "n", "the vendor class for DHCP"),
    row("rd.net.dhcp.client-id", "el9-", "", "", "network", "n", "the client's id for DHCP"),
    row("rd.ethtool", "el8.3-", "", "", "network", "n", "speed of a card"),
    row("rd.znet", "el7-", "", "", "network", "dn", "a network card of s390"),
    row("ib.pkey", "el8.3-", "", "", "network", "n", "an InfiniBand partition"),
)

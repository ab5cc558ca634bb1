#!/bin/sh
# Run by dracut's netroot once the network is up: reports what the guest really has, not what the command line says.
# Usage: standinroot INTERFACE standin:SOURCE NEWROOT
# shellcheck source=/dev/null
. /lib/dracut-lib.sh

report() {
    echo "$1=$2" > /dev/ttyS1
}

sum() {
    busybox sha256sum "$1" | busybox cut -d ' ' -f 1
}

report kernel "$(uname -r)"
report cmdline "$(cat /proc/cmdline)"
report hostname "$(cat /proc/sys/kernel/hostname)"
ip -o addr show scope global | while read -r _ device _ address _; do
    report address "$device $(cat "/sys/class/net/$device/address") $address"
done
ip -o route show default | while read -r _ _ gateway _ device _; do
    report gateway "$device $gateway"
done
busybox sed -n 's/^nameserver *//p' /etc/resolv.conf | while read -r server; do
    report nameserver "$server"
done

kickstart=$(getarg inst.ks=)
kickstart=${kickstart#file:}
case $kickstart in
http://*)
    file=/run/kickstart
    busybox wget -q -O "$file" "$kickstart" || rm -f "$file"
    ;;
*) file=$kickstart ;;
esac
if [ -f "$file" ]; then
    report kickstart "$kickstart $(sum "$file")"
else
    report kickstart "$kickstart not-there"
fi

# As the installer's anaconda-lib.sh: .treeinfo of the source names the stage2, relative to it.
source=${2#standin:}
report source "$source"
busybox wget -q -O /run/treeinfo "$source/.treeinfo"
stage2=$(busybox sed -n '/^\[stage2\]/,/^\[/s/^mainimage *= *//p' /run/treeinfo)
if busybox wget -q -O /run/stage2 "$source/$stage2"; then
    report stage2 "$stage2 $(sum /run/stage2)"
    report end ok
else
    report end "no stage2 at $source/$stage2"
fi
: > /run/standin.done
echo o > /proc/sysrq-trigger

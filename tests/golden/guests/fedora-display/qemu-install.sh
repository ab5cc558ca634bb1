#!/bin/sh
# web1: installs Rocky Linux 9.6 x86_64. ERASES /srv/vm/web1.img.
#
#     sh qemu-install.sh [--erase] [OPTION OF QEMU...]
#
# The console is here; Ctrl-A X ends QEMU. Afterwards: sh qemu-run.sh
# Made by pinboot: change the profile and build again, not this file.

set -u
umask 077

bundle='/srv/pinboot'
kernel='/srv/pinboot/boot/vmlinuz'
initrd='/srv/pinboot/boot/initrd-ks.img'
disk='/srv/vm/web1.img'
format='raw'
bytes='21474836480'

fail() { # exit code, what is wrong, the cure
	printf 'error: %s\n' "$2" >&2
	printf 'hint:  %s\n' "$3" >&2
	exit "$1"
}

qemu=''
for each in qemu-system-x86_64 /usr/libexec/qemu-kvm; do
	if command -v "$each" >/dev/null 2>&1; then
		qemu=$each
		break
	fi
done
[ -n "$qemu" ] ||
	fail 5 "QEMU for x86_64 is not here" "install it (Debian: qemu-system-x86, Fedora: qemu-system-x86-core)"

erase=''
if [ "${1-}" = --erase ]; then
	erase=yes
	shift
fi
if [ -e "$disk" ] && [ -z "$erase" ]; then
	fail 1 "$disk is there already, and would be erased" "if that is meant, say so first: sh $0 --erase"
fi

for file in "$kernel" "$initrd"; do
	[ -r "$file" ] || fail 5 "$file is not there, or not for you to read" "copy the whole bundle to $bundle"
done

accel=tcg
if [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -Eq '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; then
	accel=kvm
else
	printf 'warning: %s\n' "no KVM here: the guest's processor is software, many times slower" >&2
fi

if [ ! -e "$disk" ]; then
	[ -n "$bytes" ] || fail 5 "$disk is not there" "make it, or set the size of the disk in the profile"
	command -v qemu-img >/dev/null 2>&1 ||
		fail 5 "qemu-img is not here" "install it (Debian: qemu-utils, Fedora: qemu-img)"
	qemu-img create -q -f "$format" -- "$disk" "$bytes" || fail 5 "$disk cannot be made" "see above"
fi

exec "$qemu" \
	-name 'guest=web1' \
	-uuid 0002c811-36bb-59a9-9ba7-7aa1d91b3d4e \
	-machine q35 \
	-accel "$accel" \
	-cpu 'max' \
	-m 2048M \
	-smp 1 \
	-rtc base=utc \
	-nodefaults \
	-kernel "$kernel" \
	-initrd "$initrd" \
	-append 'inst.repo=http://192.0.2.5/el9 inst.ks=file:/ks/web1.cfg bond=bond0:ens3,ens4:mode=802.3ad,miimon=100 inst.ks.x=http://192.0.2.5/ks?a=1&b=2 console=tty0 console=ttyS0,115200n8' \
	-no-reboot \
	-drive 'if=virtio,format=raw,discard=unmap,file=/srv/vm/web1.img' \
	-netdev 'user,id=net0' \
	-device 'virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56' \
	-device virtio-rng-pci \
	-device VGA \
	-display vnc=127.0.0.1:0,to=99 \
	-serial mon:stdio \
	"$@"

#!/bin/sh
# web1: starts the installed Rocky Linux 9.6 x86_64. Erases nothing.
#
#     sh qemu-run.sh [OPTION OF QEMU...]
#
# The console is here; Ctrl-A X ends QEMU.
# Made by pinboot: change the profile and build again, not this file.

set -u
umask 077

disk='/srv/vm/web1.img'

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

[ -e "$disk" ] || fail 5 "$disk is not there" "install first: sh $(dirname -- "$0")/qemu-install.sh"

accel=tcg
if [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -Eq '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; then
	accel=kvm
else
	printf 'warning: %s\n' "no KVM here: the guest's processor is software, many times slower" >&2
fi

exec "$qemu" \
	-name 'guest=web1' \
	-uuid 0002c811-36bb-59a9-9ba7-7aa1d91b3d4e \
	-machine pc \
	-accel "$accel" \
	-cpu 'max' \
	-m 2048M \
	-smp 1 \
	-rtc base=utc \
	-nodefaults \
	-drive 'if=virtio,format=raw,discard=unmap,file=/srv/vm/web1.img' \
	-netdev 'bridge,br=br0,id=net0' \
	-device 'virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56' \
	-device virtio-rng-pci \
	-display none \
	-serial mon:stdio \
	"$@"

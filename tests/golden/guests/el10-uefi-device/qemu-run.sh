#!/bin/sh
# web1: starts the installed Rocky Linux 9.6 x86_64. Erases nothing.
#
#     sh qemu-run.sh [OPTION OF QEMU...]
#
# The console is here; Ctrl-A X ends QEMU.
# Made by pinboot: change the profile and build again, not this file.

set -u
umask 077

disk='/dev/vg0/web1'
nvram='/srv/web1.nvram'

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

code=${OVMF_CODE-}
vars=${OVMF_VARS-}
for pair in OVMF/OVMF_CODE_4M.fd:OVMF/OVMF_VARS_4M.fd OVMF/OVMF_CODE.fd:OVMF/OVMF_VARS.fd \
	edk2/ovmf/OVMF_CODE.fd:edk2/ovmf/OVMF_VARS.fd edk2/x64/OVMF_CODE.4m.fd:edk2/x64/OVMF_VARS.4m.fd \
	qemu/edk2-x86_64-code.fd:qemu/edk2-i386-vars.fd; do
	if [ -z "$code" ] && [ -r "/usr/share/${pair%:*}" ] && [ -r "/usr/share/${pair#*:}" ]; then
		code=/usr/share/${pair%:*}
		vars=/usr/share/${pair#*:}
	fi
done
if [ ! -r "$code" ] || [ ! -r "$vars" ]; then
	fail 5 "no UEFI firmware is here" "install ovmf (Fedora: edk2-ovmf), or set OVMF_CODE and OVMF_VARS"
fi
case $code in
*,*) fail 5 "$code: QEMU would split the name at its comma" "set OVMF_CODE to another path" ;;
esac

[ -e "$nvram" ] || cp -- "$vars" "$nvram" || fail 5 "$nvram cannot be made" "see above"

accel=tcg
if [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -Eq '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; then
	accel=kvm
else
	printf 'warning: %s\n' "no KVM here: the guest's processor is software, many times slower" >&2
fi

exec "$qemu" \
	-name 'guest=web1' \
	-uuid 0002c811-36bb-59a9-9ba7-7aa1d91b3d4e \
	-machine q35 \
	-accel "$accel" \
	-cpu 'max,enforce,+cx16,+lahf-lm,+popcnt,+sse4.1,+sse4.2,+ssse3,+abm,+avx,+avx2,+bmi1,+bmi2,+f16c,+fma,+movbe,+xsave' \
	-m 2048M \
	-smp 1 \
	-rtc base=utc \
	-nodefaults \
	-drive "if=pflash,unit=0,format=raw,readonly=on,file=$code" \
	-drive 'if=pflash,unit=1,format=raw,file=/srv/web1.nvram' \
	-drive 'if=virtio,format=raw,discard=unmap,file=/dev/vg0/web1' \
	-netdev 'user,id=net0' \
	-device 'virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56' \
	-device virtio-rng-pci \
	-display none \
	-serial mon:stdio \
	"$@"

#!/bin/sh
# web1: installs Rocky Linux 9.6 x86_64. ERASES /srv/vm/web1.img.
#
#     sh virt-install.sh [--erase] [OPTION OF virt-install...]
#
# Waits for the end of the installation, then starts the guest. To watch: virsh console web1
# Made by pinboot: change the profile and build again, not this file.

set -u
umask 077

bundle='/srv/pinboot'
kernel='/srv/pinboot/boot/vmlinuz'
initrd='/srv/pinboot/boot/initrd-ks.img'
disk='/srv/vm/web1.img'

fail() { # exit code, what is wrong, the cure
	printf 'error: %s\n' "$2" >&2
	printf 'hint:  %s\n' "$3" >&2
	exit "$1"
}

command -v virt-install >/dev/null 2>&1 ||
	fail 5 "virt-install is not here" "install it (Debian: virtinst, Fedora: virt-install)"

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

exec virt-install \
	--name 'web1' \
	--uuid 0002c811-36bb-59a9-9ba7-7aa1d91b3d4e \
	--metadata 'title=Rocky Linux 9.6 x86_64,description=Made by pinboot.' \
	--osinfo detect=on,require=off \
	--arch x86_64 \
	--machine q35 \
	--memory 2048 \
	--vcpus 4 \
	--cpu 'Nehalem,mode=custom,match=minimum,check=partial,model.fallback=forbid' \
	--install 'kernel=/srv/pinboot/boot/vmlinuz,initrd=/srv/pinboot/boot/initrd-ks.img,kernel_args="inst.repo=http://192.0.2.5/el9 inst.ks=file:/ks/web1.cfg bond=bond0:ens3,ens4:mode=802.3ad,miimon=100 inst.ks.x=http://192.0.2.5/ks?a=1&b=2 console=tty0 console=ttyS0,115200n8",kernel_args_overwrite=yes' \
	--disk 'path=/srv/vm/web1.img,format=raw,bus=virtio,driver.discard=unmap,size=20' \
	--network 'bridge=br0,model=virtio,mac=52:54:00:12:34:56' \
	--network 'bridge=br0,model=virtio,mac=52:54:00:12:34:57' \
	--serial pty \
	--console pty \
	--graphics none \
	--rng /dev/urandom \
	--noautoconsole \
	--wait=-1 \
	"$@"

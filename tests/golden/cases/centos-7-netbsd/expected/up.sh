#!/bin/sh
# up.sh: verifies this bundle, makes the disk, installs the guest, starts it.
#
#   sh up.sh NAME...              install, then start, one after the other
#   sh up.sh --erase NAME...      the same where the disk exists: it is ERASED
#   sh up.sh --console NAME...    and show the installer's console
#   sh up.sh --any-cpu NAME...    though the processor seems too old
#   sh up.sh --keep NAME...       take the installed kernel again (kept-kernel)
#
# Exit codes: 0 done, 1 a check or the installation failed, 2 usage, 4 the
# bundle is not what was built, 5 something is missing here. POSIX sh.
# Made by pinboot: change the profile and build again, not this file.

set -u
umask 077
LC_ALL=C
export LC_ALL

bundle='/var/xen/pinboot'
title='CentOS 7.9.2009 x86_64'
names='centos'
package='xenkernel and xentools of the same version from pkgsrc (pkgin install xentools418)'
more_path='/usr/pkg/sbin:/usr/pkg/bin:/usr/sbin:/sbin'
pygrubs='/usr/pkg/bin/pygrub /usr/pkg/libexec/xen/bin/pygrub'
level='1'
level_words=''
run='pygrub'

fill_disk() {
	dd if=/dev/zero of="$new" bs=1048576 count="$mib" 2>/dev/null
}

bridge_there() {
	ifconfig "$bridge" >/dev/null 2>&1
}

cpu_words() {
	cpuctl identify 0 2>/dev/null | sed -n 's/^cpu0: features//p' | tr '<>,' '   '
}

settings() { # host name
	case $1 in
	'centos')
		disk='/var/xen/centos.img'
		mib='20480'
		bytes='21474836480'
		bridge='bridge0'
		kept='/var/xen/centos.kept'
		;;
	*) return 1 ;;
	esac
	bridge_hint="make it first: ifconfig $bridge create up; brconfig $bridge add YOUR-CARD"
}

erase='' console='' any_cpu='' keep_only='' chosen='' work='' made=''

say() {
	printf '%-15s %s\n' "$1" "$2"
}

warn() {
	printf 'warning: %s\n' "$1" >&2
}

fail() { # exit code, what is wrong, the cure
	printf 'error: %s\n' "$2" >&2
	if [ -n "${3-}" ]; then
		printf 'hint:  %s\n' "$3" >&2
	fi
	exit "$1"
}

cleanup() {
	[ -z "$made" ] || rm -f -- "$made"
	[ -z "$work" ] || rm -rf -- "$work"
}

interrupted() {
	printf '%s\n' "interrupted; a guest that was started goes on: see xl list" >&2
	exit 130
}

arguments() {
	for word in "$@"; do
		case $word in
		--erase) erase=yes ;;
		--console) console=yes ;;
		--any-cpu) any_cpu=yes ;;
		--keep) keep_only=yes ;;
		-*) fail 2 "unknown option $word" "options: --erase, --console, --any-cpu, --keep" ;;
		*)
			settings "$word" || fail 2 "this bundle has no host $word" "it has: $names"
			case " $chosen " in
			*" $word "*) ;;
			*) chosen="$chosen $word" ;;
			esac
			;;
		esac
	done
	[ -n "$chosen" ] || fail 2 "which host?" "sh up.sh NAME, with NAME of: $names"
}

check_place() {
	here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 5
	wanted=$(CDPATH='' cd -- "$bundle" 2>/dev/null && pwd -P)
	[ "$here" = "$wanted" ] || fail 1 "this bundle is in $here, but its files say $bundle" \
		"copy it there, or set xen.path in the profile and build again"
}

check_tools() {
	PATH=$PATH:$more_path
	export PATH
	command -v xl >/dev/null 2>&1 || fail 5 "xl is not here" "install $package"
	xl info >/dev/null 2>&1 || fail 5 "xl cannot talk to the hypervisor" \
		"be root, in a dom0 that was booted by Xen, with xenstored running"
}

check_cpu() {
	[ -n "$level_words" ] || return 0
	found=" $(cpu_words | tr '\t\n' '  ') "
	missing='' seen=''
	for word in $level_words; do
		case $found in
		*" $word "*) seen=yes ;;
		*) missing="$missing $word" ;;
		esac
	done
	if [ -z "$seen" ]; then
		warn "cannot tell whether this processor reaches x86-64-v$level, which $title needs"
	elif [ -n "$missing" ] && [ -n "$any_cpu" ]; then
		warn "this processor does not show$missing"
	elif [ -n "$missing" ]; then
		fail 1 "$title needs x86-64-v$level, and this processor does not show$missing" \
			"use another machine, or --any-cpu where dom0 hides what guests will see"
	fi
}

running() {
	xl list "$host" >/dev/null 2>&1
}

file_size() {
	# stat(1) has other options on every system.
	# shellcheck disable=SC2012
	ls -lnLd -- "$1" | awk '{ print $5; exit }'
}

check_host() {
	running && fail 1 "$host is running" "xl shutdown -w $host"
	bridge_there || fail 5 "$host: there is no bridge $bridge" "$bridge_hint"
	if [ -n "$keep_only" ]; then
		[ -e "$disk" ] || fail 5 "$host: there is no $disk" "install it first: sh up.sh $host"
	elif [ -b "$disk" ]; then
		[ -n "$erase" ] || fail 1 "$host: $disk is a block device, and installing ERASES it" \
			"if that is meant: sh up.sh --erase $host"
	elif [ -f "$disk" ]; then
		[ -n "$erase" ] || fail 1 "$host: $disk exists, and installing ERASES it" \
			"if that is meant: sh up.sh --erase $host"
		size=$(file_size "$disk")
		[ -z "$bytes" ] || [ "$size" = "$bytes" ] || fail 1 \
			"$host: $disk has $size bytes, the profile says $bytes" \
			"remove it yourself, or set the size in the profile and build again"
	elif [ -e "$disk" ] || [ -L "$disk" ]; then
		fail 1 "$host: $disk is neither a file nor a block device" "set disk.file in the profile"
	elif [ -z "$mib" ]; then
		fail 5 "$host: there is no $disk, and the profile gives no size to make it" \
			'disk = { size = "20 GiB", file = "..." }'
	fi
}

make_disk() {
	if [ -e "$disk" ]; then
		say "$host" "disk $disk: will be erased"
		return 0
	fi
	mkdir -p -- "${disk%/*}" || fail 1 "$host: cannot make ${disk%/*}"
	new=$disk.pinboot-new
	made=$new
	rm -f -- "$new"
	if ! fill_disk || [ "$(file_size "$new")" != "$bytes" ]; then
		fail 1 "$host: cannot make $disk of $mib MiB" "is there room? df ${disk%/*}"
	fi
	mv -- "$new" "$disk" || fail 1 "$host: cannot name $disk"
	made=''
	say "$host" "disk $disk: made, $mib MiB"
}

install_guest() {
	config=$here/hosts/$host/$host-install.cfg
	say "$host" "installing; xl console $host shows it"
	if [ -n "$console" ]; then
		xl create -F -c "$config" 2>"$work/xl.log"
	else
		xl create -F "$config" >"$work/xl.log" 2>&1 </dev/null
	fi
	status=$?
	# xl says how the guest ended: 0 poweroff, 1 reboot, 3 crash (xen/include/public/sched.h, SHUTDOWN_*).
	reason=$(sed -n 's/.*has shut down, reason code \([0-9]*\).*/\1/p' "$work/xl.log" | tail -n 1)
	case $status:$reason in
	0:0 | 0:1) ;;
	*) install_failed ;;
	esac
	tries=0
	while running; do
		tries=$((tries + 1))
		[ "$tries" -le 60 ] || fail 1 "$host: the installer ended, but the guest is still there" "xl destroy $host"
		sleep 1
	done
	say "$host" "installer ended by itself (reason code $reason)"
}

install_failed() {
	sed 's/^/  /' "$work/xl.log" >&2
	case $reason in
	3) what="the installer's kernel crashed" ;;
	'') what="xl could not start the guest, or it was destroyed" ;;
	*) what="the guest ended with reason code $reason" ;;
	esac
	fail 1 "$host: not installed: $what (xl exit code $status)" \
		"the lines above are xl's; once more, watching: sh up.sh --erase --console $host"
}

find_pygrub() {
	for pygrub in $pygrubs; do
		[ ! -x "$pygrub" ] || return 0
	done
	pygrub=$(command -v pygrub) || fail 5 "pygrub is not here" "install $package"
}

# The installed kernel out of the guest's own disk, as its boot menu says, with the run configuration completed.
keep_kernel() {
	find_pygrub
	mkdir -p -- "$kept" "$work/$host" || fail 1 "$host: cannot make $kept"
	"$pygrub" -q --output-format=simple --output-directory="$work/$host" "$disk" >"$work/menu" </dev/null ||
		fail 1 "$host: pygrub finds no kernel on $disk" "its /boot must be ext4 on a plain partition, with a grub.cfg"
	kernel=$(sed -n 's/^kernel //p' "$work/menu")
	ramdisk=$(sed -n 's/^ramdisk //p' "$work/menu")
	words=$(sed -n 's/^args //p' "$work/menu")
	if [ ! -s "$kernel" ] || [ ! -s "$ramdisk" ]; then
		fail 1 "$host: pygrub gave no kernel and initramfs"
	fi
	if [ -n "$(printf %s "$words" | tr -d '\040-\176')" ] || [ "${#words}" -gt 1023 ]; then
		fail 1 "$host: the kernel parameters of its boot menu are longer than 1023 bytes, or not plain ASCII"
	fi
	quoted=$(printf %s "$words" | sed 's/[\\"]/\\&/g')
	if ! cp -- "$kernel" "$kept/vmlinuz" || ! cp -- "$ramdisk" "$kept/initramfs.img" ||
		! { cat -- "$here/hosts/$host/$host.cfg" && printf 'cmdline = "%s"\n' "$quoted"; } >"$kept/$host.cfg"; then
		fail 1 "$host: cannot write to $kept" "is there room? df $kept"
	fi
	say "$host" "kernel kept in $kept"
}

start_guest() {
	config=$here/hosts/$host/$host.cfg
	[ "$run" != kept-kernel ] || config=$kept/$host.cfg
	xl create "$config" >"$work/xl.log" 2>&1 </dev/null || {
		sed 's/^/  /' "$work/xl.log" >&2
		fail 1 "$host: installed, but xl cannot start $config" "the lines above are xl's"
	}
	say "$host" "runs; xl console $host"
}

main() {
	arguments "$@"
	check_place
	sh "$here/verify.sh" || fail 4 "the bundle is not what was built; nothing was touched" "copy it here again"
	check_tools
	check_cpu
	work=${TMPDIR:-/tmp}/pinboot-up.$$
	mkdir -- "$work" || fail 1 "cannot make $work"
	for host in $chosen; do
		settings "$host"
		[ -z "$keep_only" ] || [ "$run" = kept-kernel ] || fail 2 "$host: xen.run is $run, so no kernel is kept"
		check_host
	done
	for host in $chosen; do
		settings "$host"
		check_host # again: the hosts before took their time
		if [ -z "$keep_only" ]; then
			make_disk
			install_guest
		fi
		[ "$run" != kept-kernel ] || keep_kernel
		[ -n "$keep_only" ] || start_guest
	done
}

trap cleanup EXIT
trap interrupted INT TERM HUP
main "$@"

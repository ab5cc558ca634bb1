#!/bin/sh
# deploy.sh: carries this bundle to where it is served: data first, pointers last, each by one rename.
#
#   sh deploy.sh [USER@SERVER]                  here, or there by rsync and ssh
#   sh deploy.sh --retire HOST... [USER@SERVER] these machines start from their own disk
#   sh deploy.sh --arm HOST... [USER@SERVER]    these machines install: their disks are ERASED
#   --http DIR, --tftp DIR   the roots of the servers
#   --group NAME             who may read kickstarts (else the group of the web root)
#   --dry-run                say what would be done, and do nothing
#
# A machine that was retired stays so until --arm. Data of other bundles is left alone: machines may be installing
# from it. Exit codes: 0 done, 1 failed, 2 usage, 4 the bundle is not what was built, 5 something is missing.
# POSIX sh. Made by pinboot: change the profile and build again, not this file.

set -u
umask 022
LC_ALL=C
export LC_ALL
unset CDPATH

bundle='5f2c91ab'
mark=': starts from its local disk.'
http='/srv/pinboot/http'
tftp='/srv/pinboot/tftp'

# Machine and path of each pointer.
pointers() {
	cat <<'END'
c0001 http/mac/b8-59-9f-00-01-01/boot.ipxe
c0001 http/mac/b8-59-9f-00-01-02/boot.ipxe
l0001 tftp/bios/pxelinux.cfg/01-52-54-00-00-00-09
END
}

mode=deploy part=front group='' server='' chosen='' dry='' work='' todo='' locked='' lists='' sums=''

say() {
	printf '%-15s %s\n' "$1" "$2"
}

fail() { # exit code, what is wrong, the cure
	printf 'error: %s\n' "$2" >&2
	if [ -n "${3-}" ]; then
		printf 'hint:  %s\n' "$3" >&2
	fi
	exit "$1"
}

usage() {
	fail 2 "$1" "sh deploy.sh [--http DIR] [--tftp DIR] [--group NAME] [--dry-run] [--retire|--arm HOST...] [USER@SERVER]"
}

cleanup() {
	[ -z "$work" ] || rm -rf -- "$work"
	[ -z "$todo" ] || drop_new
}

interrupted() {
	printf '%s\n' "interrupted; what was served is served on; run it again" >&2
	exit 130
}

arguments() {
	while [ $# -gt 0 ]; do
		case $1 in
		--http | --tftp | --group)
			[ $# -gt 1 ] || usage "$1 needs a value"
			case $1 in
			--http) http=$2 ;;
			--tftp) tftp=$2 ;;
			--group) group=$2 ;;
			esac
			shift
			;;
		--dry-run) dry=yes ;;
		--retire | --arm)
			[ "$mode" = deploy ] || usage "--retire or --arm, once"
			mode=${1#--}
			;;
		--here | --look) part=${1#--} ;; # what this script calls itself with, where the servers are
		--locked) locked=yes ;;
		-*) usage "unknown option $1" ;;
		*@*)
			[ -z "$server" ] || usage "one server, not $server and $1"
			server=$1
			;;
		*)
			[ "$mode" != deploy ] || usage "$1 is no USER@SERVER"
			chosen="$chosen $1"
			;;
		esac
		shift
	done
	[ "$mode" = deploy ] || [ -n "$chosen" ] || usage "--$mode: which machines?"
}

check_arguments() {
	for folder in "$http" "$tftp"; do
		case $folder in
		/) fail 2 "$folder is no root for a server" ;;
		*[[:cntrl:]]*) fail 2 "a folder's name holds a control character" ;;
		/*/../* | /*/..) fail 2 "$folder goes back up" "write it without .." ;;
		/*) ;;
		*) fail 2 "$folder is no absolute path" ;;
		esac
		case ${server:+$folder} in
		*[!A-Za-z0-9._/+@%=:~-]*) fail 2 "$folder: only letters, digits and . _ / + @ % = : ~ - on another machine" ;;
		esac
	done
	case $server in
	-* | @* | *@ | *@*@* | *@-* | *[!A-Za-z0-9._@-]*)
		fail 2 "$server is no USER@SERVER" "ports and other addresses belong into ~/.ssh/config" ;;
	esac
	case $group in
	-* | *[!A-Za-z0-9._-]*) fail 2 "$group is no group" ;;
	esac
	case $chosen in
	*[!a-z0-9.\ -]*) fail 2 "$chosen: a machine's name has only a-z, 0-9, dots and dashes" ;;
	esac
	[ -n "$chosen" ] || return 0
	unknown=$(pointers | awk -v chosen="$chosen" '
		{ known[$1] = 1 }
		END { count = split(chosen, word, " "); for (i = 1; i <= count; i++) if (!(word[i] in known)) print word[i] }' |
		head -n 1)
	[ -z "$unknown" ] || fail 2 "this bundle has no machine $unknown" \
		"it has: $(pointers | awk '!($1 in seen) { seen[$1] = 1; print $1 }' | head -n 10 | tr '\n' ' ')"
}

# Where a path of the bundle is served.
served() { # path -> $live
	case $1 in
	http/*) live=$http/${1#http/} ;;
	tftp/*) live=$tftp/${1#tftp/} ;;
	esac
}

retired() { # file
	[ -f "$1" ] || return 1
	{
		IFS= read -r line
		IFS= read -r second
	} <"$1"
	case $line$second in
	*"$mark"*) return 0 ;;
	esac
	return 1
}

# The pointers of the chosen machines: a table on stdin and on stdout.
wanted() {
	awk -v chosen="$chosen" '
		BEGIN { count = split(chosen, word, " "); for (i = 1; i <= count; i++) wanted[word[i]] = 1 }
		!count || $1 in wanted'
}

# The same with what each shall do in front: install or local.
decide() {
	while read -r name path; do
		served "$path"
		case $mode in
		retire) does=local ;;
		arm) does=install ;;
		*) if retired "$live"; then does=local; else does=install; fi ;;
		esac
		printf '%s %s %s\n' "$does" "$name" "$path"
	done
}

summary() { # decisions on stdin
	awk '
		$1 == "install" { install[$2] = 1 }
		{ all[$2] = 1 }
		END {
			for (name in all) if (name in install) installing++; else resting++
			printf "%d install, %d start from their own disk\n", installing, resting
		}'
}

# --- is it what was built? ---

# Linux has sha256sum, NetBSD cksum -a (cksum(1)), other BSDs sha256, nearly all openssl.
sum_with() {
	case $1 in
	sha256sum) sha256sum ;;
	cksum) cksum -a SHA256 ;;
	sha256) sha256 ;;
	openssl) openssl dgst -sha256 ;;
	esac
}

find_tool() {
	empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	for tool in sha256sum cksum sha256 openssl; do
		case $(sum_with "$tool" 2>/dev/null </dev/null) in
		*"$empty"*) return 0 ;;
		esac
	done
	fail 5 "no tool here knows SHA-256 (sha256sum, cksum -a SHA256, sha256, openssl)"
}

# The lines of SHA256SUMS whose paths begin so, to $lists/list. Are there any?
list() { # beginnings, what is dropped of the paths, beginnings that are left out
	awk -v begins="^($1)" -v drop="${2-}" -v out="^(${3-/})" '
		{ path = substr($0, 67) }
		path ~ begins && path !~ out { print substr($0, 1, 66) substr(path, length(drop) + 1) }' \
		"$sums" >"$lists/list" || exit 1
	[ -s "$lists/list" ]
}

check() { # folder, the cure
	found=$(differences "$1") || exit 1
	[ -z "$found" ] || fail 4 "in $1 these are not what was built:
$(masked "$found" | sed 's/^/  /' | head -n 20)" "$2"
}

# --- where the bundle is ---

front() {
	here=$(cd -- "$(dirname -- "$0")" && pwd -P) || exit 5
	find_tool
	check_bundle
	set -- --http "$http" --tftp "$tftp"
	[ -z "$group" ] || set -- "$@" --group "$group"
	if [ -n "$dry" ]; then
		# shellcheck disable=SC2086 # names of machines, without blanks
		[ "$mode" = deploy ] || set -- "$@" "--$mode" $chosen
		there "$here/deploy.sh" -s -- --look "$@"
		return
	fi
	stage=$http/.pinboot/$bundle
	# shellcheck disable=SC2016 # $1 to $4 belong to the other shell
	there /dev/null -c 'test -d "$1" || exit 5; umask 077; mkdir -p -- "$2" || exit 1
		test -d "$3" && echo http; test -d "$4" && echo tftp; exit 0' \
		sh "$http" "$stage" "$http/b/$bundle" "$tftp/b/$bundle" >"$work/there"
	case $? in
	0) ;;
	5) fail 5 "${server:+$server: }there is no folder $http" \
		"make it, give it the group of the web server, or name another: --http DIR" ;;
	*) fail 1 "cannot make $stage${server:+ on $server}" ;;
	esac
	# Data goes only once, and never where only pointers change.
	[ "$mode" = deploy ] || printf '%s\n' http tftp >"$work/there"
	awk -v id="$bundle" '
		FILENAME ~ /there$/ { out = out (out == "" ? "" : "|") $1; next }
		{ path = substr($0, 67) }
		path !~ /^(http|tftp|local)\// || (out != "" && path ~ "^(" out ")/b/" id "/") { next }
		{ print path }' "$work/there" "$here/SHA256SUMS" >"$work/files" || exit 1
	printf '%s\n' deploy.sh SHA256SUMS >>"$work/files"
	carry
	# shellcheck disable=SC2086 # names of machines, without blanks
	[ "$mode" = deploy ] || set -- "$@" "--$mode" $chosen
	there /dev/null "$stage/deploy.sh" --here "$@"
}

# What is carried: a line of another shape could be anything.
check_bundle() {
	! grep -qv '^[0-9a-f]\{64\}  [A-Za-z0-9._+@%=:~/-]*$' "$here/SHA256SUMS" || fail 4 "SHA256SUMS is not what was built"
	lists=$work sums=$here/SHA256SUMS
	if [ "$mode" = deploy ]; then
		list 'http/|tftp/|local/|deploy.sh$'
	else
		list 'http/|tftp/|local/|deploy.sh$' '' "(http|tftp)/b/$bundle/"
	fi || fail 4 "there is no SHA256SUMS in $here"
	check "$here" "nothing was touched; copy the bundle here again"
}

# Run sh with these words, here or on the server, with a file as its input.
there() { # input, words
	input=$1
	shift
	if [ -z "$server" ]; then
		sh "$@" <"$input"
		return
	fi
	command -v ssh >/dev/null 2>&1 || fail 5 "ssh is not here"
	words="sh"
	for word in "$@"; do
		words="$words '$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")'"
	done
	# shellcheck disable=SC2029 # the words are quoted for the other side
	ssh -- "$server" "$words" <"$input"
}

# Into a folder that nobody but its owner can read, below the web root: from there it is one rename.
carry() {
	if [ -n "$server" ]; then
		command -v rsync >/dev/null 2>&1 || fail 5 "rsync is not here"
	fi
	if [ -n "$server" ] || command -v rsync >/dev/null 2>&1; then
		rsync -rpt --partial --files-from="$work/files" -- "$here/" "${server:+$server:}$stage/" ||
			fail 1 "rsync ended with exit code $?; what was served is served on" "run it again: it goes on from there"
		return
	fi
	while IFS= read -r path; do
		from=${path%/*}
		[ "$from" != "$path" ] || from=.
		[ "$from" = "${last-}" ] || mkdir -p -- "$stage/$from" || fail 1 "cannot make $stage/$from"
		last=$from
		cp -p -- "$here/$path" "$stage/$path" || fail 1 "cannot write $(masked "$stage/$path")" "is there room? df $http"
	done <"$work/files"
}

# --- where the servers are ---

look() {
	if [ "$mode" = deploy ]; then
		if [ -d "$http/b/$bundle" ]; then
			say data "$http/b/$bundle is there"
		else
			say data "would copy $http/b/$bundle"
		fi
	fi
	say pointers "would be: $(pointers | wanted | decide | summary)"
}

here() {
	stage=$(cd -- "$(dirname -- "$0")" && pwd -P) || exit 5
	lists=$stage sums=$stage/SHA256SUMS
	lock_it "$@"
	[ -f "$stage/SHA256SUMS" ] || fail 4 "there is no $stage/SHA256SUMS" "run deploy.sh of the bundle"
	find_tool
	# Each step in a file of its own: of a pipe, only the end of its last command would be seen.
	pointers >"$stage/table" || exit 1
	reader=$group
	[ -n "$reader" ] || reader=$(group_of "$http") || exit 5
	! list tftp/ || [ -d "$tftp" ] || fail 5 "there is no folder $tftp" "make it, or name another: --tftp DIR"
	check_staged
	case $mode in
	deploy)
		put_http
		put_tftp
		put_loose
		;;
	arm)
		for kind in http tftp; do
			served "$kind/b/$bundle"
			[ -d "$live" ] || ! list "$kind/b/$bundle/" ||
				fail 1 "the data of this bundle is not in $live" "sh deploy.sh, without --arm"
		done
		;;
	esac
	put_pointers
	say pointers "$(summary <"$todo")"
}

# Two at a time would mix two bundles. The kernel's lock ends with its process; without flock(1) take turns yourself.
lock_it() {
	[ -z "$locked" ] && command -v flock >/dev/null 2>&1 || return 0
	flock -n "$stage/../lock" true || say waiting "another deploy.sh works on $http"
	exec flock "$stage/../lock" sh "$stage/deploy.sh" --locked "$@"
}

group_of() {
	# stat(1) has other options on every system.
	# shellcheck disable=SC2012
	ls -ldn -- "$1" | awk '{ print $4; exit }'
}

# Names of the files in $lists/list that are not in this folder as they were built.
differences() { # folder
	cd -- "$1" || exit 1
	if [ "$tool" = sha256sum ]; then
		sha256sum -c <"$lists/list" >"$lists/said" 2>&1 && return
		sed '/: OK$/d; /WARNING/d' "$lists/said"
		printf '%s\n' "(sha256sum ended with an error)"
		return
	fi
	while IFS= read -r line; do
		case $(sum_with "$tool" 2>/dev/null <"./${line#*  }") in
		*"${line%%  *}"*) ;;
		*) printf '%s\n' "${line#*  }: FAILED" ;;
		esac
	done <"$lists/list"
}

# The path of a kickstart is a secret.
masked() {
	printf '%s\n' "$*" | sed 's#/ks/[^/]*#/ks/...#g'
}

check_staged() {
	list 'http/|tftp/|local/' '' "(http|tftp)/b/$bundle/" || return 0
	check "$stage" "run deploy.sh again: it copies what is missing"
}

modes() { # folder: as a web server needs them, and what is private only for it
	find "$1" -type d -exec chmod 755 {} + && find "$1" -type f -perm -004 -exec chmod 644 {} + || return 1
	[ -z "$(find "$1" -type f ! -perm -004 | head -n 1)" ] && [ ! -d "$1/ks" ] && return 0
	if [ -d "$1/ks" ]; then
		find "$1/ks" -type d -exec chmod 711 {} + && find "$1/ks" -type f -exec chmod 600 {} + || return 1
	fi
	find "$1" -type f ! -perm -004 -exec chgrp -- "$reader" {} + || return 1
	find "$1" -type f ! -perm -004 -exec chmod 640 {} + || return 1
	[ "$reader" != 0 ] || printf '%s\n' "warning: only the group root may read the kickstarts: chgrp the web server's group" \
		"         to $http and deploy to a fresh one, or use --group" >&2
}

put_http() {
	list "http/b/$bundle/" || return 0
	if [ -d "$http/b/$bundle" ] && [ ! -L "$http/b/$bundle" ]; then
		list "http/b/$bundle/" http/
		check "$http" "move b/$bundle away and deploy again; machines may be installing from it"
		say data "$http/b/$bundle: there already, as built"
		return
	fi
	check "$stage" "run deploy.sh again: it copies what is missing"
	modes "$stage/http/b/$bundle" || fail 1 "cannot give the files to group $reader" "--group NAME, or be its member"
	parents "$http" "b/$bundle"
	sync
	mv -- "$stage/http/b/$bundle" "$http/b/$bundle" || fail 1 "cannot name $http/b/$bundle"
	say data "$http/b/$bundle: new"
}

put_tftp() {
	list "tftp/b/$bundle/" || return 0
	if [ -d "$tftp/b/$bundle" ] && [ ! -L "$tftp/b/$bundle" ]; then
		list "tftp/b/$bundle/" tftp/
		check "$tftp" "move b/$bundle away and deploy again; machines may be installing from it"
		say data "$tftp/b/$bundle: there already, as built"
		return
	fi
	check "$stage" "run deploy.sh again: it copies what is missing"
	parents "$tftp" "b/$bundle"
	new=$tftp/b/.$bundle.pinboot-new
	rm -rf -- "$new"
	cp -R -- "$stage/tftp/b/$bundle" "$new" || fail 1 "cannot write $new" "is there room? df $tftp"
	list "tftp/b/$bundle/" "tftp/b/$bundle/"
	check "$new" "run deploy.sh again"
	if ! find "$new" -type d -exec chmod 755 {} + || ! find "$new" -type f -exec chmod 644 {} +; then
		fail 1 "cannot change the modes in $new"
	fi
	sync
	mv -- "$new" "$tftp/b/$bundle" || fail 1 "cannot name $tftp/b/$bundle"
	rm -rf -- "$stage/tftp/b"
	say data "$tftp/b/$bundle: new"
}

# Loaders and menus: neither data with an id nor a pointer of one machine.
put_loose() {
	list 'http/|tftp/' || return 0
	awk -v id="$bundle" '
		FILENAME != "-" { pointer[$2] = 1; next }
		!($2 in pointer) && $2 !~ "^(http|tftp)/b/" id "/" { print "all", "-", $2 }' "$stage/table" - \
		<"$stage/list" >"$stage/todo" || exit 1
	todo=$stage/todo
	put_files
}

put_pointers() {
	wanted <"$stage/table" >"$stage/wanted" && decide <"$stage/wanted" >"$stage/todo" || exit 1
	todo=$stage/todo
	put_files
}

# The folders above a file, none of them a link that leads out of the root.
parents() { # root, path below it
	above=$1
	rest=$2
	while [ "$rest" != "${rest#*/}" ]; do
		above=$above/${rest%%/*}
		rest=${rest#*/}
		[ ! -L "$above" ] || fail 1 "$above is a link" "take it away: deploy.sh writes to no other place"
		[ -d "$above" ] || mkdir -- "$above" || fail 1 "cannot make $above"
	done
}

beside() { # live -> $new, where it is written before it gets its name
	new=${1%/*}/.${1##*/}.pinboot-new
}

# All new files first, then all names. A file gets the time of today: a web server tells two of one size apart by it.
put_files() {
	while read -r does name path; do
		from=$stage/$path
		[ "$does" != local ] || from=$stage/local/$path
		served "$path"
		beside "$live"
		[ -f "$live" ] && [ ! -L "$live" ] && cmp -s -- "$from" "$live" && continue
		case $path in
		http/*) parents "$http" "${path#http/}" ;;
		tftp/*) parents "$tftp" "${path#tftp/}" ;;
		esac
		[ ! -d "$live" ] || [ -L "$live" ] || fail 1 "$live is a folder" "move it away"
		[ ! -L "$new" ] || rm -f -- "$new"
		cat <"$from" >"$new" || fail 1 "cannot write $new" "is there room? df ${live%/*}"
	done <"$todo"
	sync
	while read -r does name path; do
		served "$path"
		beside "$live"
		[ ! -f "$new" ] || mv -f -- "$new" "$live" || fail 1 "cannot name $live"
	done <"$todo"
}

drop_new() {
	while read -r does name path; do
		served "$path"
		beside "$live"
		[ ! -e "$new" ] || rm -f -- "$new"
	done <"$todo"
}

trap cleanup EXIT
trap interrupted INT TERM HUP
arguments "$@"
check_arguments
case $part in
front)
	work=$(mktemp -d "${TMPDIR:-/tmp}/pinboot-deploy.XXXXXX") || fail 1 "cannot make a folder in ${TMPDIR:-/tmp}"
	front
	;;
look) look ;;
here) here "$@" ;;
esac

#!/bin/sh
# verify.sh: is this bundle what was built? Every file against SHA256SUMS, and no file beside them.
#
#   sh verify.sh
#   sh verify.sh --key FILE   and did an ssh key of FILE (.pub lines, or allowed signers) sign SHA256SUMS?
#
# Exit codes: 0 yes, 4 no (each file is named), 5 no tool here knows SHA-256, or ssh-keygen is missing. POSIX sh.
# Without --key it proves nothing about SHA256SUMS itself: compare that, or the bundle id, with the machine that built
# it. Whoever can change a bundle can change this script too: where that matters run one from a bundle that you know.

set -u
LC_ALL=C
export LC_ALL

key=''
if [ $# -eq 2 ] && [ "$1" = --key ] && [ -r "$2" ]; then
	case $2 in
	/*) key=$2 ;;
	*) key=$PWD/$2 ;;
	esac
elif [ $# -ne 0 ]; then
	printf '%s\n' "usage: sh verify.sh [--key FILE], where FILE can be read" >&2
	exit 2
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 5
cd -- "$here" || exit 5

# Linux has sha256sum, NetBSD cksum -a (cksum(1)), other BSDs sha256, nearly all openssl.
sum_with() {
	case $1 in
	sha256sum) sha256sum ;;
	cksum) cksum -a SHA256 ;;
	sha256) sha256 ;;
	openssl) openssl dgst -sha256 ;;
	esac
}

# SHA-256 of nothing, to see that a tool does what its name says (an older cksum ignores -a).
empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
tool=''
for candidate in sha256sum cksum sha256 openssl; do
	command -v "$candidate" >/dev/null 2>&1 || continue
	case $(sum_with "$candidate" 2>/dev/null </dev/null) in
	*"$empty"*)
		tool=$candidate
		break
		;;
	esac
done
if [ -z "$tool" ]; then
	printf '%s\n' "error: no tool here knows SHA-256 (sha256sum, cksum -a SHA256, sha256, openssl)" >&2
	exit 5
fi
if [ ! -f SHA256SUMS ] || [ -L SHA256SUMS ]; then
	printf '%s\n' "error: there is no SHA256SUMS in $here" >&2
	exit 4
fi

# Names that no bundle has, links and devices first: after that, a name is a line.
strangers() {
	find . ! -type f ! -type d -print
	find . -name '*[!A-Za-z0-9._+@%=:~-]*' -print
	find . -type f -print | awk '
		FILENAME == "SHA256SUMS" { listed["./" substr($0, 67)] = 1; next }
		!($0 in listed) && $0 !~ /^\.\/SHA256SUMS(\.sig|\.asc)?$/
	' SHA256SUMS -
}

# Is SHA256SUMS.sig by a key of $key, for pinboot? A line of a .pub file gets a name; allowed signers have theirs.
signed() {
	signers=$work/allowed_signers
	awk '
		/^[ \t]*(#|$)/ { next }
		/^(sk-)?(ssh|ecdsa)-/ { print "pinboot namespaces=\"pinboot\" " $1 " " $2; next }
		{ print }
	' "$key" >"$signers" || return 1
	who=$(ssh-keygen -Y find-principals -s SHA256SUMS.sig -f "$signers" 2>/dev/null | grep -v '^!' | head -n 1)
	[ -n "$who" ] || return 1
	said=$(ssh-keygen -Y verify -f "$signers" -I "$who" -n pinboot -s SHA256SUMS.sig <SHA256SUMS 2>/dev/null)
}

# One line for each listed file that is not as it was. All at once where that can be said: a process for each of 20,000
# files takes half a minute. A link that leads to the right bytes is a stranger below.
differences() {
	if [ "$tool" = sha256sum ] && sha256sum -c SHA256SUMS >/dev/null 2>&1; then
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		name=${line#*  }
		wanted=${line%%  *}
		if [ ! -f "./$name" ] || [ -L "./$name" ]; then
			printf 'missing  %s\n' "$name"
			continue
		fi
		case $(sum_with "$tool" <"./$name") in
		*"$wanted"*) ;;
		*) printf 'changed  %s\n' "$name" ;;
		esac
	done <SHA256SUMS
}

# A line of another shape could hide a file.
if [ ! -s SHA256SUMS ] || grep -qv '^[0-9a-f]\{64\}  [A-Za-z0-9._+@%=:~/-]*$' SHA256SUMS; then
	printf '%s\n' "changed  SHA256SUMS" >&2
	exit 4
fi
found=$(
	differences
	strangers | sort -u | sed 's/^\(\.\/\)*/extra    /'
)
if [ -n "$found" ]; then
	printf '%s\n' "$found" >&2
	printf '%s\n' "error: $here is not what was built" >&2
	exit 4
fi
if [ -n "$key" ]; then
	if [ ! -f SHA256SUMS.sig ]; then
		printf '%s\n' "error: $here has no signature by an ssh key (SHA256SUMS.sig)" >&2
		exit 4
	fi
	if ! command -v ssh-keygen >/dev/null 2>&1; then
		printf '%s\n' "error: ssh-keygen is missing (Debian: openssh-client; Alpine: openssh)" >&2
		exit 5
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/verify.XXXXXX") || exit 5
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	if ! signed; then
		printf '%s\n' "error: SHA256SUMS.sig is no signature of SHA256SUMS by a key of $key" >&2
		exit 4
	fi
	printf '%s\n' "ok: SHA256SUMS.sig by ${said##* with }"
else
	for name in SHA256SUMS.sig SHA256SUMS.asc; do
		[ ! -f "$name" ] || printf '%s\n' "$name is there and was not checked"
	done
fi
printf '%s\n' "ok: $(grep -c . SHA256SUMS) files as built"

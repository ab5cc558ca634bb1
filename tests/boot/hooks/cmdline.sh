#!/bin/sh
# Sourced by dracut's cmdline stage, before its network modules read ip=: a source named by inst.stage2= or inst.repo=
# asks for the network, as the installer's own parse-anaconda-repo.sh does.
standin_source=$(getarg inst.stage2=) || standin_source=$(getarg inst.repo=)
netroot="standin:$standin_source"
# shellcheck disable=SC2034 # dracut's init reads both
root=$netroot rootok=1
# shellcheck disable=SC2154 # dracut-lib.sh sets hookdir
mkdir -p "$hookdir/initqueue/finished"
echo '[ -e /run/standin.done ]' > "$hookdir/initqueue/finished/standin.sh"

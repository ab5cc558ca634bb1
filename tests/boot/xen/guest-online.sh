#!/bin/sh
# Sourced by dracut once the network is up: installs, which here is to write an image of the installed disk.
standin_tries=0
while [ ! -b /dev/xvda ] && [ "$standin_tries" -lt 20 ]; do
    standin_tries=$((standin_tries + 1))
    sleep 1
done
echo "guest=$(cat /sys/hypervisor/guest_type)" > /dev/ttyS1
echo "disk=xvda $(cat /sys/class/block/xvda/size)" > /dev/ttyS1
busybox wget -q -O - "$(getarg inst.repo=)/images/installed.img" |
    busybox dd of=/dev/xvda bs=64k conv=fsync 2> /dev/null

#!/bin/sh
# Run by dom0: copies the bundle to where its files say that it lives, and leaves the rest to its up.sh.
# Usage: install.sh GUEST PATH-OF-THE-BUNDLE ADDRESS-OF-DOM0
name=$1 path=$2 address=$3
mkdir -p "$path"
cp -a /lab/bundle/. "$path/"
ip link add name xenbr0 type bridge
ip address add "$address/24" dev xenbr0
ip link set xenbr0 up
httpd -h /lab/mirror -p "$address:80"

# What the toolstack understood, while the guest is there.
while ! grep -q '"config"' /lab/installing.json; do
    sleep 1
    xl list -l "$name" > /lab/installing.json
done 2> /dev/null &
sh "$path/up.sh" "$name" > /lab/up.log 2>&1
echo $? > /lab/up.code
kill $! 2> /dev/null

# The started guest switches itself off.
tries=0
while xl list "$name" > /dev/null 2>&1 && [ "$tries" -lt 300 ]; do
    tries=$((tries + 1))
    sleep 1
done
xl list -l > /lab/after.json
cp /var/log/xen/* /lab/

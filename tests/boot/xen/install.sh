#!/bin/sh
# Run by dom0: copies the bundle to where its files say it lives, and lets its own up.sh do the rest.
# lab.conf holds: name, path, address
. /lab/lab.conf
mkdir -p "$path"
cp -a /lab/bundle/. "$path/"
ip link add name xenbr0 type bridge
ip address add "$address/24" dev xenbr0
ip link set xenbr0 up
httpd -h /lab/mirror -p "$address:80"
# What the toolstack made of the configuration, while the guest is there.
while ! grep -q '"config"' /lab/installing.json; do
    sleep 1
    xl list -l "$name" > /lab/installing.json
done 2> /dev/null &
sh "$path/up.sh" "$name" > /lab/up.log 2>&1
echo $? > /lab/up.code
kill $! 2> /dev/null
xl list -l > /lab/after.json
cp /var/log/xen/* /lab/ 2> /dev/null
head -c 4096 "$disk" > /lab/disk.head

#!/bin/sh
# /init of dom0: what Debian's init and /etc/init.d/xen do before a first `xl create`, then the script of the test.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/busybox
export PATH
/bin/busybox mkdir -p /busybox /proc /sys /dev /run /tmp /lab /var/lib/xen /var/log/xen
/bin/busybox --install -s /busybox
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
# The scripts of Xen wait for ever for a /dev/stdin, which udev makes.
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mkdir -p /dev/pts /run/xen /run/lock
mount -t devpts devpts /dev/pts
ln -s /run /var/run
ln -s /run/lock /var/lock
# shellcheck disable=SC2046 # one word a module
modprobe -a $(cat /etc/lab-modules) || echo "LAB: a module of dom0 is missing"
mount -t xenfs xenfs /proc/xen
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 lab /lab || echo "LAB: no shared folder"
ip link set lo up
xenstored --pid-file=/run/xen/xenstored.pid
toolstack=$(echo /usr/lib/xen-[0-9]*)
"$toolstack/bin/xen-init-dom0"
xenconsoled --log=guest --log-dir=/lab --pid-file=/run/xen/xenconsoled.pid
echo "LAB: dom0 is up"
# shellcheck disable=SC2046 # one word an argument
sh /lab/run.sh $(cat /lab/run.words)
echo "LAB: $?"
sync
# Xen turns a reboot into a reset, at which QEMU ends (-no-reboot).
reboot -f

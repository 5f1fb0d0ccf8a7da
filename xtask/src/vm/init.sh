#!/bin/sh
# The first process of a guest: sets it up as a distribution would, runs what the kernel's command line asks for
# (VM_TESTS: arguments of the test program, with commas for blanks), and ends the machine.
# What it tells goes to a serial port of its own (VM_PORT), so that nothing that the kernel says stands in between.
export PATH=/bin HOME=/root TMPDIR=/tmp LANG=C.UTF-8 NO_COLOR=1
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid devtmpfs /dev
exec </dev/null >"/dev/$VM_PORT" 2>&1
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs -o nodev,mode=1777 tmpfs /tmp
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing

. /etc/vm
echo "== doctor"
"$PRODUCT" doctor
echo "== doctor ended with $?"
echo "== tests"
IFS=,
# Words are split on purpose.
"$TESTS" $VM_TESTS
echo "== tests ended with $?"
IFS=' '
# Waits until the port has sent all.
sleep 0.2
echo b >/proc/sysrq-trigger

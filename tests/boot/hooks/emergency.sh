#!/bin/sh
# Sourced where dracut gives up: tell it on the second serial port and switch off, rather than wait at a prompt.
echo "end=emergency" > /dev/ttyS1
echo o > /proc/sysrq-trigger

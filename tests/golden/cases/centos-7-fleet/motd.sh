#!/bin/bash -e
# Says where the machine stands.
echo "$PINBOOT_HOST in rack $fact_rack" > /etc/motd

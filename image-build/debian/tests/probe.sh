#!/bin/sh
# Runs once in a system that has just started with the package installed, and says what it finds: the gate on while the
# package is upgraded, and nothing left when it is removed.
echo "started: $(systemctl is-active stairgate)"
echo "status: $(stairgate status | grep host0)"
dpkg --install /second.deb > /dev/null
echo "upgraded: $(systemctl is-active stairgate), $(dpkg-query --show --showformat '${Version}' stairgate)"
journalctl --unit stairgate --no-pager --output cat | grep "stairgate starts" | tail -n 1
dpkg --remove stairgate > /dev/null
echo "removed: $(find /sys/fs/bpf -name 'stairgate*' | wc -l) pins, $(nft list tables | wc -l) tables"
journalctl --unit stairgate --no-pager
systemctl poweroff

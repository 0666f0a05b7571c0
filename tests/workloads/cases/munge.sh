# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian starts it: the user munge. It locks its keys into memory.

start() {
	mkdir -p /tmp/munge && chmod 755 /tmp/munge
	head -c 1024 /dev/zero | tr '\0' k >/tmp/munge/key
	chmod 600 /tmp/munge/key
	chmod +t /tmp
	[ "$(id -u)" != 0 ] || chown -R munge: /tmp/munge
	as munge munged -F --force --key-file=/tmp/munge/key --socket=/tmp/munge/socket \
		--pid-file=/tmp/munge/pid --log-file=/tmp/munge/log --seed-file=/tmp/munge/seed ${lock:+"$lock"}
}

check() {
	until_true munge -S /tmp/munge/socket -n || return
	printf 'a secret' | munge -S /tmp/munge/socket | unmunge -S /tmp/munge/socket |
		grep -E '^(STATUS|UID|GID|LENGTH|CIPHER|MAC)|secret'
	printf 'MUNGE:nonsense:' | unmunge -S /tmp/munge/socket 2>&1 || echo "status $?"
	munge -S /tmp/munge/socket -n -u nobody | unmunge -S /tmp/munge/socket 2>&1 | cut -d : -f 2 || echo "status $?"
	echo "runs as $(stat -c %U /proc/1)"
}

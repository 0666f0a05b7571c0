# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian starts it: root, which steps down itself. The image starts as that user.

start() {
	exec memcached -u memcache -m 64 -t 4 -p 11211 -U 11211
}

check() {
	until_true listens 11211 || return
	printf '%s\r\n' 'set a 0 0 3' one 'get a' 'set n 0 0 1' 7 'incr n 5' 'append a 0 0 3' two \
		'get a n' 'delete a' 'get a' 'cas n 0 0 1 999' 1 'touch n 100' 'verbosity 1' quit |
		talk 11211
	for _ in 1 2 3 4; do printf 'set k 0 0 3\r\nabc\r\nget k\r\nquit\r\n' | talk 11211 & done | sort
	wait
	echo "runs as $(stat -c %U /proc/1)"
}

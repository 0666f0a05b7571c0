# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Its web server, client, shell and tools.

start() {
	mkdir -p /tmp/www
	seq 20000 >/tmp/www/numbers.txt
	# The first process of a container gets no signal that it has no handler for.
	exec busybox sh -c 'trap "exit 0" TERM; busybox httpd -f -p 8080 -h /tmp/www & wait'
}

check() {
	until_true busybox wget -q -O /dev/null http://127.0.0.1:8080/numbers.txt || return
	busybox wget -q -O - http://localhost:8080/numbers.txt | busybox sha256sum
	busybox wget -q -O - http://127.0.0.1:8080/none 2>&1 || echo "status $?"
	busybox sh <<-'END'
		cd /tmp && mkdir -p bb/a && echo text >bb/a/file && cp -a bb copy && ln -s file bb/a/link
		tar -cf - bb | tar -tf - && find bb -type f -exec cat {} \; && rm -r copy
		seq 1000 | sort -n | awk '{s += $1} END {print s}'
		ps | grep -c httpd && stat -c %s bb/a/file && gzip -c bb/a/file | gunzip && df /tmp | wc -l
		timeout 1 sleep 5; echo $?; vi --help 2>&1 | head -n 0; id -u; date -u -d @0
	END
}

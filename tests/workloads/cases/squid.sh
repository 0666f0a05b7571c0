# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian starts it: root, which steps down to proxy.

start() {
	mkdir -p /tmp/www /tmp/spool
	[ "$(id -u)" != 0 ] || chown proxy: /tmp/spool
	seq 20000 >/tmp/www/numbers.txt
	python3 -m http.server --directory /tmp/www --bind 127.0.0.1 8081 >/dev/null 2>&1 &
	cat >/tmp/squid.conf <<-'END'
		http_port 3128
		http_access allow all
		visible_hostname workload
		cache_dir ufs /tmp/spool 10 4 4
		cache_log /dev/null
		access_log none
		pid_filename /tmp/squid.pid
		coredump_dir none
		shutdown_lifetime 0 seconds
		pinger_enable off
		cache_effective_user proxy
		refresh_pattern . 60 100% 60
	END
	squid -z -N -f /tmp/squid.conf 2>/dev/null
	exec squid -N -f /tmp/squid.conf
}

check() {
	local url=http://127.0.0.1:8081/numbers.txt
	until_true curl -sf --proxy http://127.0.0.1:3128 --noproxy '' "$url" || return
	for _ in 1 2 3; do asked "$url" --proxy http://localhost:3128 --noproxy ''; done
	curl -s -o /tmp/body -D - --proxy http://127.0.0.1:3128 --noproxy '' "$url" | grep -c 'X-Cache: HIT'
	echo "none $(asked http://127.0.0.1:8081/none --proxy http://127.0.0.1:3128 --noproxy '')"
	curl -s -o /tmp/body -w '%{http_code}\n' --proxy http://127.0.0.1:3128 --noproxy '' http://127.0.0.1:1/
	echo "runs as $(stat -c %U /proc/[0-9]*/ | sort -u | paste -sd ' ')"
}

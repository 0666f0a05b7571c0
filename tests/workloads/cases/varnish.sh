# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian and its image start it, in front of a small server. The compiled configuration is
# loaded from its directory, so that one must not be noexec.

start() {
	mkdir -p /tmp/www /var/lib/workload 2>/dev/null
	[ "$(id -u)" != 0 ] || chown vcache: /var/lib/workload
	seq 20000 >/tmp/www/numbers.txt
	python3 -m http.server --directory /tmp/www --bind 127.0.0.1 8081 >/dev/null 2>&1 &
	cat >/tmp/varnish.vcl <<-'END'
		vcl 4.1;
		backend default { .host = "127.0.0.1"; .port = "8081"; }
		sub vcl_recv { if (req.url == "/synthetic") { return (synth(200, "made")); } }
		sub vcl_deliver { set resp.http.X-Hits = obj.hits; }
	END
	exec varnishd -F -a :8080 -f /tmp/varnish.vcl -s malloc,32m -s file,/tmp/varnish.file,16m \
		-n "$(as_directory)" -T none -p thread_pool_min=20
}

as_directory() {
	if [ "$(id -u)" = 0 ]; then echo /var/lib/workload/n; else echo /var/lib/varnish/n; fi
}

check() {
	until_true curl -sf http://127.0.0.1:8080/numbers.txt || return
	asked http://127.0.0.1:8080/numbers.txt
	curl -s -o /tmp/body -D - http://127.0.0.1:8080/numbers.txt | grep -c 'X-Hits: [1-9]'
	echo "synthetic $(curl -s http://localhost:8080/synthetic | grep -c made)"
	echo "none $(curl -s -o /tmp/body -w '%{http_code}' http://127.0.0.1:8080/none)"
	varnishstat -n "$(as_directory)" -1 -f MAIN.cache_hit | awk '{print $1, $2 > 0}'
	echo "runs as $(stat -c %U /proc/[0-9]*/ | sort -u | paste -sd ' ')"
}

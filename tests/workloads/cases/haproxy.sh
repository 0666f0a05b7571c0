# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As its image: no chroot; here root, which steps down.

start() {
	configuration >/tmp/haproxy.cfg
	exec haproxy -W -db -f /tmp/haproxy.cfg
}

configuration() {
	cat <<-END
		global
			maxconn 200
			nbthread 2
			stats socket /tmp/haproxy.socket mode 666 level admin
			$([ "$(id -u)" != 0 ] || echo "user haproxy")
			${jail:-}
		defaults
			mode http
			timeout connect 5s
			timeout client 5s
			timeout server 5s
		frontend front
			bind :8080
			bind :::8080 v6only
			http-request set-header X-Seen yes
			compression algo gzip
			default_backend back
		backend back
			balance roundrobin
			server one 127.0.0.1:8081 check inter 100ms
			server two 127.0.0.1:8082 check inter 100ms
		frontend one
			bind 127.0.0.1:8081
			http-request return status 200 content-type text/plain lf-string "one %[req.hdr(X-Seen)]\n"
		frontend two
			bind 127.0.0.1:8082
			http-request return status 200 content-type text/plain lf-string "two %[req.hdr(X-Seen)]\n"
	END
}

check() {
	until_true curl -sf http://127.0.0.1:8080/ || return
	for _ in 1 2 3 4 5 6; do curl -s http://localhost:8080/; done | sort
	echo "ipv6 $(curl -s -o /tmp/answer -w '%{http_code}' 'http://[::1]:8080/')"
	echo 'disable server back/two' | python3 -c "$ask"
	for _ in 1 2 3; do curl -s http://localhost:8080/; done
	echo 'show stat' | python3 -c "$ask" | cut -d, -f 1,2,18 | sort
	echo "runs as $(stat -c %U /proc/[0-9]*/ | sort -u | paste -sd ' ')"
}

ask='import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect("/tmp/haproxy.socket")
peer.sendall(sys.stdin.buffer.read())
while True:
    part = peer.recv(9999)
    if not part: break
    sys.stdout.buffer.write(part)'

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As its images: no chroot; root, which steps down.

start() {
	cat >/tmp/unbound.conf <<-'END'
		server:
			interface: 0.0.0.0
			access-control: 0.0.0.0/0 allow
			chroot: ""
			username: unbound
			directory: "/tmp"
			pidfile: ""
			use-syslog: no
			num-threads: 2
			do-ip6: no
			local-zone: "served." static
			local-data: "www.served. IN A 192.0.2.7"
			local-data: "www.served. IN AAAA 2001:db8::7"
			local-data: "served. IN MX 10 www.served."
			local-data-ptr: "192.0.2.7 www.served"
		remote-control:
			control-enable: yes
			control-interface: /tmp/unbound.control
			control-use-cert: no
		forward-zone:
			name: "."
			forward-addr: 127.0.0.1@9
	END
	[ "$(id -u)" = 0 ] || sed -i '/username/d' /tmp/unbound.conf
	exec unbound -d -c /tmp/unbound.conf
}

check() {
	cat >/tmp/host.conf <<-'END'
		server:
			do-not-query-localhost: no
		forward-zone:
			name: "."
			forward-addr: 127.0.0.1
	END
	until_true unbound-control -c /tmp/unbound.conf status || return
	unbound-host -C /tmp/host.conf -v www.served
	unbound-host -C /tmp/host.conf -t MX served
	unbound-host -C /tmp/host.conf 192.0.2.7
	unbound-host -C /tmp/host.conf none.served
	unbound-control -c /tmp/unbound.conf local_data new.served. IN A 192.0.2.8
	unbound-host -C /tmp/host.conf -t A new.served
	unbound-control -c /tmp/unbound.conf reload
	until_true unbound-control -c /tmp/unbound.conf status
	unbound-host -C /tmp/host.conf -t A www.served
	echo "runs as $(stat -c %U /proc/1)"
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As its image: a single member.

start() {
	exec etcd --data-dir /tmp/etcd --listen-client-urls http://0.0.0.0:2379 \
		--advertise-client-urls http://localhost:2379 --listen-peer-urls http://127.0.0.1:2380 \
		--log-level error --logger zap --snapshot-count 50
}

check() {
	export ETCDCTL_API=3
	until_true etcdctl endpoint health || return
	etcdctl put a one
	etcdctl get a
	for key in k{1..9}; do etcdctl put "$key" "$key"; done | sort -u
	etcdctl get k --prefix --keys-only | grep .
	etcdctl watch w >/tmp/watched &
	sleep 0.5
	etcdctl put w seen
	until_true grep seen /tmp/watched
	kill %1
	cat /tmp/watched
	printf 'value("a") = "one"\n\nput a two\n\nput a three\n\n' | etcdctl txn | grep .
	etcdctl del k --prefix
	etcdctl compaction 3
	etcdctl defrag --command-timeout=20s | sed 's/took.*//'
	etcdctl snapshot save /tmp/snapshot >/dev/null 2>&1
	echo "snapshot $?"
	curl -s http://localhost:2379/health
	echo
}

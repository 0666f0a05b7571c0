# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the redis image: the entrypoint gives the data to redis and steps down.

start() {
	mkdir -p /tmp/data && cd /tmp/data || return
	[ "$(id -u)" != 0 ] || find . ! -user redis -exec chown redis: '{}' +
	as redis redis-server --port 6379 --unixsocket /tmp/redis.socket --appendonly yes \
		--save 1 1 --io-threads 2 --enable-debug-command yes
}

check() {
	until_true redis-cli ping || return
	redis-cli set a 1
	redis-cli incr a
	redis-cli -s /tmp/redis.socket rpush list x y z
	redis-cli lrange list 0 -1
	redis-cli eval 'return redis.call("get", KEYS[1])' 1 a
	redis-cli debug populate 20000 key 100
	redis-cli dbsize
	redis-cli save
	redis-cli bgsave
	until_true saved
	redis-cli bgrewriteaof
	sleep 0.3
	until_true saved
	redis-cli publish channel text
	redis-cli setex soon 1000 text
	redis-benchmark -q -t set,get,lpush -n 3000 -c 20 >/dev/null && echo "benchmark $?"
	redis-cli config get maxmemory
	redis-cli debug reload
	redis-cli dbsize
	echo "runs as $(stat -c %U /proc/1)"
}

saved() {
	redis-cli info persistence | grep -q 'rdb_bgsave_in_progress:0' &&
		redis-cli info persistence | grep -q 'aof_rewrite_in_progress:0'
}

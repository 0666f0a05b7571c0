# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the postgres image: the entrypoint gives the data to postgres, steps down, makes a new
# cluster, fills it with a server of its own, and becomes the server.

start() {
	PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
	export PATH PGDATA=/tmp/data/base PGHOST=/tmp/data
	mkdir -p "$PGDATA" /tmp/data/other && { chmod 700 "$PGDATA" || :; }
	if [ "$(id -u)" = 0 ]; then
		find /tmp/data ! -user postgres -exec chown postgres: '{}' +
		exec gosu postgres /w/inside stepped postgres
	fi
	stepped
}

stepped() {
	initdb --username=postgres --auth=trust --no-sync >/tmp/data/initdb.log &&
		pg_ctl -o "-k /tmp/data -c listen_addresses=''" -w start &&
		psql -U postgres -c 'create database served' &&
		pg_ctl -m fast -w stop &&
		exec postgres -k /tmp/data -c listen_addresses='*'
}

sql() {
	psql -U postgres -h "${PGHOST:-/tmp/data}" -d served -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

check() {
	# The server of the entrypoint has no port.
	until_true listens 5432 && until_true sql -c 'select 1' || return
	sql <<-'END'
		create table t (n integer primary key, s text);
		insert into t select n, md5(n::text) from generate_series(1, 50000) n;
		create index on t (s);
		analyze t;
		select count(*), sum(n), max(s) from t;
		set min_parallel_table_scan_size = 0;
		set parallel_setup_cost = 0;
		set parallel_tuple_cost = 0;
		select count(*) from t where s like 'a%';
		set work_mem = '64kB';
		select md5(string_agg(s, '' order by s)) from t;
		begin; update t set s = 'x' where n < 1000; rollback;
		checkpoint;
		vacuum full t;
		select pg_relation_size('t') > 0;
		create tablespace other location '/tmp/data/other';
		alter table t set tablespace other;
		copy t to '/tmp/data/copy';
		do $$ begin perform pg_sleep(0.05); raise notice 'done'; end $$;
		select pg_advisory_lock(1);
	END
	PGHOST=127.0.0.1 sql -c "select 'tcp', count(*) from t"
	sql -c 'listen l' -c "notify l, 'text'" | sed 's/PID [0-9]*/PID/'
	sql -c "select pg_reload_conf(), jit is not null from (select current_setting('jit') jit) j"
	pg_dump -U postgres -h /tmp/data served | wc -l
	echo "runs as $(stat -c %U /proc/1)"
}

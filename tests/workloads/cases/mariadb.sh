# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the mariadb image: the entrypoint gives the data to mysql, steps down, makes a new data
# directory, and becomes the server.

start() {
	mkdir -p /tmp/data
	if [ "$(id -u)" = 0 ]; then
		chown -R mysql: /tmp/data
		exec gosu mysql /w/inside stepped mariadb
	fi
	stepped
}

stepped() {
	mariadb-install-db --no-defaults --datadir=/tmp/data --auth-root-authentication-method=normal \
		--skip-test-db >/tmp/install.log 2>&1 || { cat /tmp/install.log && return 1; }
	exec mariadbd --no-defaults --datadir=/tmp/data --socket=/tmp/data/socket --port=3306 \
		--innodb-buffer-pool-size=32M --log-bin=/tmp/data/binary
}

sql() { mariadb --no-defaults --user=root "$@" --batch --skip-column-names; }

check() {
	until_true sql --socket=/tmp/data/socket --execute 'select 1' || return
	sql --socket=/tmp/data/socket <<-'END'
		create database served;
		use served;
		create table t (n int primary key, s varchar(40), key (s)) engine=innodb;
		insert into t select seq, md5(seq) from seq_1_to_20000;
		select count(*), sum(n), max(s) from t;
		create table m engine=aria select * from t;
		select count(*) from m where s like 'a%';
		start transaction; update t set s = 'x' where n < 1000; rollback;
		select md5(group_concat(s order by s)) from t where n < 100;
		alter table t add column extra int default 7, algorithm=copy;
		optimize table t;
		select * from t order by s limit 2 into outfile '/tmp/data/out';
		select load_file('/tmp/data/out');
		flush logs;
		select sleep(0.05);
	END
	sql --host=127.0.0.1 --execute 'select "tcp", count(*) from served.t'
	mariadb-dump --no-defaults --user=root --socket=/tmp/data/socket served | grep -c INSERT
	echo "runs as $(stat -c %U /proc/1)"
}

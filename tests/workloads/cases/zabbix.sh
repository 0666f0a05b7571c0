# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The agent as Debian starts it: root, which steps down to zabbix.

start() {
	cat >/tmp/zabbix.conf <<-'END'
		PidFile=/tmp/zabbix.pid
		LogType=console
		Server=127.0.0.1
		ListenIP=127.0.0.1
		StartAgents=2
		Hostname=workload
		UserParameter=own,echo own parameter
		AllowKey=system.run[*]
	END
	exec zabbix_agentd -f -c /tmp/zabbix.conf
}

check() {
	local key
	until_true listens 10050 || return
	for key in agent.ping agent.hostname own 'vfs.file.cksum[/w/inside]' 'system.run[echo run]' \
		'vfs.fs.size[/tmp,pfree]' 'proc.num[zabbix_agentd]' 'net.tcp.port[127.0.0.1,10050]' \
		'system.uname' 'vm.memory.size[total]' 'net.if.in[lo]' 'nothing'; do
		echo "$key $(echo "$key" | talk 10050 | tr -cd ' -~' | sed 's/^ZBXD[^a-zA-Z0-9]*//')"
	done | sed -E '/vfs.fs|uname|memory|net.if|proc.num/s/ .*/ answered/'
	echo "runs as $(stat -c %U /proc/1)"
}

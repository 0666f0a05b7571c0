# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2003,SC2012
# The shell and the tools that scripts use.

run() {
	local dir=/var/tmp/tools
	mkdir -p $dir/a/b && cd $dir || return
	seq 30000 | sort -R --random-source=/w/inside | sort -n --parallel=2 -S 1M | sha256sum
	paste <(seq 3) <(seq 4 6) && cat <<<here
	mkfifo pipe && { echo through a pipe >pipe & cat pipe; } && wait && rm pipe
	(trap 'echo got $?' USR1 && kill -USR1 $BASHPID)
	sleep 10 & kill $! && wait $! || echo "status $?"
	timeout 0.2 sleep 5 || echo "status $?"
	nice -n 5 bash -c 'nice' && nohup true 2>/dev/null && (ulimit -S -n 100 && ulimit -n)
	touch -d @1 file && cp -a file copy && ln file hard && ln -s file soft && mv copy a/b/moved
	chmod 640 file && install -m 600 file installed
	stat -c '%n %a %h %s' file installed hard && stat -c %Y a/b/moved
	[ -r file ] && [ -w file ] && [ ! -x file ] && [ ./file -ef ./hard ] && echo tested
	[ "$(id -u)" != 0 ] || { chown -R nobody:nogroup a && stat -c %U a/b/moved; }
	dd if=/dev/zero of=zeros bs=64k count=16 status=none conv=fsync && truncate -s 1G sparse
	du -k zeros | cut -f 1 && cp --sparse=always sparse sparse2 && stat -c %s sparse2
	split -n 4 zeros part. && cat part.* | cmp - zeros && echo same
	tar -cf - --mtime=@0 a | tar -tf - && tar -czf all.tgz a && rm -r a && tar -xzf all.tgz && find a | sort
	find . -name 'part.*' -print0 | xargs -0 -P 2 -n 1 wc -c | awk '{s += $1} END {print s}'
	df -P . | tail -n +2 | wc -l && ls -la --time-style=+ file | cut -d ' ' -f 1,2
	date -u -d @0 && expr 6 \* 7 && factor 360 && echo abc | tr a-c x-z | rev 2>/dev/null
	env -i bash -c 'echo $((2 ** 40))' && printf '%s\n' a b | comm - <(echo b) && mktemp -u | wc -c
	(flock 9 && echo locked) 9>lock && (exec 5<>lock && echo x >&5) && cat lock
	coproc { read -r line; echo "coproc $line"; }
	echo text >&"${COPROC[1]}" && read -r line <&"${COPROC[0]}" && echo "$line"
	df --output=target /tmp | tail -n 1 && nproc | grep -c . && uname -s && hostname && sync zeros
}

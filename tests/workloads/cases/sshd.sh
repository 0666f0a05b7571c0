# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian starts it: the part that talks before anyone has logged in goes into a chroot.

start() {
	mkdir -p /run/sshd /tmp/ssh
	chmod 700 /tmp/ssh
	ssh-keygen -q -t ed25519 -N '' -f /tmp/ssh/key && ssh-keygen -q -t ed25519 -N '' -f /tmp/ssh/host
	useradd --create-home --shell /bin/bash reader && usermod -p '*' reader
	install -d -m 700 -o reader -g reader /home/reader/.ssh
	install -m 600 -o reader -g reader /tmp/ssh/key.pub /home/reader/.ssh/authorized_keys
	exec /usr/sbin/sshd -D -e -p 2222 -h /tmp/ssh/host -o UsePAM=no -o PidFile=none
}

check() {
	until_true listens 2222 || return
	ssh -p 2222 -i /tmp/ssh/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR reader@localhost 'id -un; echo through ssh'
}

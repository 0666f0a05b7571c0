# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A repository, its daemon, and a clone.

run() {
	export GIT_CONFIG_GLOBAL=/tmp/gitconfig GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' \
		GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
	git config --global user.name one && git config --global user.email one@localhost
	git config --global init.defaultBranch main
	git init -q /tmp/base && cd /tmp/base || return
	seq 1000 >numbers && git add . && git commit -qm first
	git checkout -qb side && seq 1001 >numbers && git commit -qam side
	git checkout -q main && echo text >file && git add . && git commit -qm main
	git merge -q --no-edit side && git tag -a -m tag v1
	git gc -q && git fsck 2>&1 && git log --format='%h %s' && git diff --stat v1~1
	git daemon --base-path=/tmp --export-all --listen=127.0.0.1 --reuseaddr --detach \
		--pid-file=/tmp/git.pid
	until_true listens 9418
	git clone -q git://127.0.0.1/base /tmp/clone && git -C /tmp/clone log --oneline -1
	git -C /tmp/clone worktree add -q /tmp/tree side && tail -n 1 /tmp/tree/numbers
	git -C /tmp/clone archive v1 | sha256sum
	kill "$(cat /tmp/git.pid)"
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For selinux.sh: levels are a pod's own, and a pod's alone.
: "${runtime:=}" "${label:=}" "${file:=}" "${pid:=}" "${work:=}" "${root:=}" "${bundles:=}"
: "${volume:=}" "${program:=}" "${policy:=}" "${status:=}"

held() { # a level that another container has
	local both
	both="$(labelled "$label:s0:c200,c201" "$file:s0:c200,c201")"
	on fits hardrun holder "$both" || not_ok "$runtime: a level: starts" "$(said)"
	bundle_on fits bad "$both"
	refused hardrun bad 'selinux: .*rule selinux\.shared_levels' "$runtime: another's level is refused"
	on fits hardrun-shared sharer "$both"
	is "$status $(label_of "$pid")" "0 $label:s0:c200,c201" "$runtime: another's level, shared by the policy"
	end hardrun-shared sharer
	end hardrun holder
	on fits hardrun heir "$both"
	is "$status $(label_of "$pid")" "0 $label:s0:c200,c201" "$runtime: a level is free when its container is gone"
	end hardrun heir
}

parallel() { # eight creates at once
	local id waited=()
	for id in p1 p2 p3 p4 p5 p6 p7 p8; do bundle_on fits $id; done
	for id in p1 p2 p3 p4 p5 p6 p7 p8; do
		timeout 120 "$work/bin/hardrun" --root "$root" create --bundle "$bundles/$id" $id \
			>"$work/log/$id" 2>&1 </dev/null &
		waited+=($!)
	done
	wait "${waited[@]}"
	is "$(cat "$work/log/p"?)" '' "$runtime: eight creates at once"
	is "$(for id in p1 p2 p3 p4 p5 p6 p7 p8; do
		audited $id 'select(.event == "create") | .mac.selinux.level'
	done | grep -c '^s0:c[0-9]*,c[0-9]*$')" 8 "$runtime: eight creates at once: each has a level"
	is "$(for id in p1 p2 p3 p4 p5 p6 p7 p8; do
		audited $id 'select(.event == "create") | .mac.selinux.level'
	done | sort | uniq -d)" '' "$runtime: eight creates at once: no level twice"
	for id in p1 p2 p3 p4 p5 p6 p7 p8; do end hardrun $id; done
}

killed() { # a create that never ends
	local both real=$program call
	both="$(labelled "$label:s0:c300,c301" "$file:s0:c300,c301")"
	install -m 755 /payload/slow "/usr/local/sbin/$runtime-slow"
	ln -sfn "$real" "/usr/local/sbin/$runtime-slow.real"
	ln -sfn "/usr/local/sbin/$runtime-slow" /etc/hardrun/runtimes/hardrun-shared
	bundle_on fits slow "$both"
	"$work/bin/hardrun-shared" --root "$root" create --bundle "$bundles/slow" slow \
		>"$work/log/slow" 2>&1 </dev/null &
	call=$!
	check "$runtime: a create that takes long" within 30 is_slow $call || note "$(cat "$work/log/slow")"
	bundle_on fits next "$both"
	refused hardrun next 'selinux: .*rule selinux\.shared_levels' \
		"$runtime: a level is taken while its create runs"
	kill -KILL $call
	wait $call 2>/dev/null
	on fits hardrun next "$both"
	is "$status $(label_of "$pid")" "0 $label:s0:c300,c301" \
		"$runtime: a level is free when its create was killed" || note "$(said)"
	end hardrun next
	ln -sfn "$real" /etc/hardrun/runtimes/hardrun-shared
}

is_slow() { grep -q -- "-slow" "/proc/$1/cmdline"; } # PID: is the runtime by now

# What containerd's CRI writes of a pod, where it writes it.
in_pod() { # ID POD KIND: sets $pid
	local type=io.kubernetes.cri
	bundle_on fits "$1" ".annotations = {\"$type.container-type\": \"$3\",
		\"$type.sandbox-id\": \"$2\", \"$type.sandbox-name\": \"$2\", \"$type.sandbox-uid\": \"$2\",
		\"$type.sandbox-namespace\": \"test\"} + if \"$3\" == \"container\" then
			{\"$type.container-name\": \"$1\", \"$type.image-name\": \"test.example/image:1\"} else {} end
		| if \"$3\" == \"sandbox\" then .process.user = {uid: 65535, gid: 65535}
			| .process.capabilities = {} | .root.readonly = true
			| del(.mounts[] | select(.destination == \"/vol\")) else . end"
	begin_in_pod "$1" || not_ok "$runtime: $1 of pod $2: starts" "$(said)"
}

begin_in_pod() { create hardrun-pod "$1" && start hardrun-pod "$1" && running; }

pods() {
	local outside=$root bundles=/run/containerd/io.containerd.runtime.v2.task/k8s.io one two other
	root=/run/containerd/runc/k8s.io
	mkdir -p $root $bundles
	in_pod "$runtime-first" "$runtime-first" sandbox
	one=$pid
	in_pod "$runtime-app" "$runtime-first" container
	two=$pid
	in_pod "$runtime-else" "$runtime-second" container
	other=$pid
	is "$(label_of "$two")" "$(label_of "$one")" "$runtime: a pod's containers share its level"
	like "$(level_of "$one") $(level_of "$other")" '^s0:c[0-9,c]+ s0:c[0-9,c]+$' "$runtime: each pod has one"
	check "$runtime: two pods have different levels" test "$(level_of "$two")" != "$(level_of "$other")"
	volumes "$runtime-app" "$(level_of "$two")" "$runtime-else" "$(level_of "$other")"
	for one in first app else; do end hardrun-pod "$runtime-$one"; done
	root=$outside
}

# As CRI labels them: each volume with its pod's level, in both pods.
volumes() { # ID LEVEL OTHER-ID OTHER-LEVEL
	local mine theirs tried
	mkdir -p "$volume/first" "$volume/second"
	echo first >"$volume/first/file"
	echo second >"$volume/second/file"
	chcon -R "$file:$2" "$volume/first"
	chcon -R "$file:$4" "$volume/second"
	cp "$volume/second/file" "$volume/theirs"
	chcon "$file:$4" "$volume/theirs"
	kernel_said >/dev/null
	tried="read=/vol/first/file read=/vol/second/file write=/vol/first/new:text write=/vol/second/new:text"
	mine=$(executed hardrun-pod "$1" "$tried")
	theirs=$(executed hardrun-pod "$3" "$tried")
	is "$mine" $'read=/vol/first/file done\nread=/vol/second/file EACCES\nwrite=/vol/first/new:text done\nwrite=/vol/second/new:text EACCES' \
		"$runtime: a pod has its own volume, and not the other's"
	is "$theirs" $'read=/vol/first/file EACCES\nread=/vol/second/file done\nwrite=/vol/first/new:text EACCES\nwrite=/vol/second/new:text done' \
		"$runtime: and the other way round"
	is "$(executed hardrun-pod "$1" read=/vol/theirs)" "read=/vol/theirs EACCES" \
		"$runtime: a pod has not the other's file"
	like "$(kernel_said | tr '\n' ' ')" "avc: +denied .*scontext=$label:$2 tcontext=$file:$4" \
		"$runtime: the kernel's log names both pods' levels"
	chcon -R "$file:s0" "$volume/second"
	like "$(executed hardrun-pod "$1" read=/vol/second/file)" " done\$" "$runtime: it is the categories that refused"
	rm -rf "$volume/first" "$volume/second" "$volume/theirs"
}

levels() {
	held
	parallel
	killed
	pods
}

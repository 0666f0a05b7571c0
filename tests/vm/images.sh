# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For run: the disks and kernels of the guests, made of Debian packages by mmdebstrap, and kept
# in $cache under a key: what they are made from, and the dates of the suites' Release files.
#
#	image_ready apparmor || echo "$why"
#	-> $image_dir/root.img, $image_dir/vmlinuz

: "${vm:=.}" "${cache:=cache}" "${scratch:=}" # set by run
image_dir='' why='' mirror='' security=''

# What a guest's root is made of: SUITE PACKAGES...; bookworm's kernel is 6.1, trixie's 6.12.
common=(mount kmod procps jq runc crun busybox-static libcap2-bin)
cri=(containerd containernetworking-plugins iproute2 protobuf-compiler python3-grpcio python3-protobuf)
image_of() { # IMAGE
	case $1 in
	apparmor) echo bookworm "${common[@]}" apparmor ;;
	cil) echo bookworm "${common[@]}" selinux-policy-default selinux-utils policycoreutils ;;
	trixie) echo trixie "${common[@]}" selinux-policy-default selinux-utils policycoreutils \
		apparmor systemd-sysv dbus containerd ;;
	userns) echo bookworm "${common[@]}" "${cri[@]}" ;;
	userns-trixie) echo trixie "${common[@]}" "${cri[@]}" ;;
	esac
}

# The modules that the tests need; root's device and file system are in Debian's cloud kernels.
modules=(overlay bridge stp llc veth)

# ---- mirror ------------------------------------------------------------------------------

# The origin is asked for, as other repositories may have a suite of that name, too.
mirrors() {
	local targets
	why="apt has no mirror of Debian 12"
	targets=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' \
		"Created-By: Packages" 2>/dev/null)
	mirror=$(awk '$1 == "Debian" && $2 == "bookworm" { print $3; exit }' <<<"$targets")
	security=$(awk '$1 == "Debian" && $2 == "bookworm-security" { print $3; exit }' <<<"$targets")
	[ -n "$mirror" ]
}

sources() { # SUITE
	local keys='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	echo "deb $keys $mirror $1 main"
	[ -z "$security" ] || echo "deb $keys $security $1-security main"
}

# apt with a state of its own for a suite; nothing of it reaches the machine's.
apt_of() { # SUITE PROGRAM ARGUMENT...
	local dir=$scratch/apt.$1 program=$2
	mkdir -p "$dir"/{lists/partial,cache/archives/partial}
	: >"$dir/status"
	sources "$1" >"$dir/sources.list"
	shift 2
	"$program" -qq -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State::Lists="$dir/lists" -o Dir::State::Status="$dir/status" \
		-o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@"
}

# The dates of a suite and of its security suite, from Release files alone.
dates() { # SUITE
	local dir=$scratch/apt.$1
	apt_of "$1" apt-get update \
		-o Acquire::IndexTargets::deb::Packages::DefaultEnabled=false \
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
		>"$scratch/apt.out" 2>&1 ||
		{ why="the mirror $mirror cannot be read: $(tail -n 1 "$scratch/apt.out")"; return 1; }
	sed -n 's/^Date: //p' "$dir"/lists/*Release
}

# ---- parts -------------------------------------------------------------------------------

build_root() { # DIR SUITE PACKAGES...
	local root=$1 suite=$2 lines exclude=() path
	shift 2
	for path in doc man locale i18n info lintian zoneinfo; do
		exclude+=("--dpkgopt=path-exclude=/usr/share/$path/*")
	done
	mapfile -t lines < <(sources "$suite")
	mmdebstrap --quiet --mode=root --variant=essential --include="$(IFS=,; echo "$*")" \
		"${exclude[@]}" --dpkgopt='path-exclude=/usr/bin/containerd-stress' \
		"$suite" "$root" "${lines[@]}"
}

# The newest cloud kernel of the suite, unpacked beside the root and not installed: an initrd
# is not needed.
build_kernel() { # DIR ROOT SUITE
	local dir=$1 root=$2 suite=$3 package version module
	mkdir -p "$dir/debs"
	apt_of "$suite" apt-get update || return
	package=$(apt_of "$suite" apt-cache depends "linux-image-cloud-$(dpkg --print-architecture)" |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }')
	[ -n "$package" ] || { echo "no kernel package in $suite"; return 1; }
	(cd "$dir/debs" && apt_of "$suite" apt-get download "$package") &&
		dpkg-deb -x "$dir/debs"/*.deb "$dir/kernel" || return
	version=${package#linux-image-}
	cp "$dir/kernel/boot/vmlinuz-$version" "$dir/vmlinuz" || return
	mkdir -p "$root/usr/lib/modules/$version/kernel"
	for module in "${modules[@]}"; do
		find "$dir/kernel" -path "*/$version/*" -name "$module.ko*" \
			-exec cp {} "$root/usr/lib/modules/$version/kernel/" \;
	done
	find "$dir/kernel" -path "*/$version/modules.*" -exec cp {} "$root/usr/lib/modules/$version/" \;
	depmod -b "$root" "$version"
	rm -rf "$dir/kernel" "$dir/debs"
}

# What of the guest is on its disk: the rest comes with every run.
build_guest() { # ROOT
	install -m 755 "$vm/guest/init" "$1/usr/local/sbin/vm-init" &&
		install -m 755 "$vm/guest/payload" "$1/usr/local/sbin/vm-payload" &&
		mkdir -p "$1/payload" "$1/results" || return
	[ ! -d "$1/etc/systemd/system" ] ||
		install -m 644 "$vm/guest/vm.target" "$vm/guest/vm.service" "$1/etc/systemd/system/"
}

# The root's own programs, with /proc, and without touching the machine's mounts.
in_root() { # ROOT COMMAND...
	local root=$1
	shift
	unshare -m sh -c 'mount --bind /proc "$1/proc" && mount --bind /dev "$1/dev" &&
		root=$1 && shift && exec chroot "$root" "$@"' sh "$root" "$@"
}

# The policy to be loaded at boot, and every file's label. Init becomes init_t and what it
# starts initrc_t, by the labels of their programs.
build_labels() { # ROOT IMAGE
	local etc=$1/etc/selinux
	[ -d "$etc/default" ] || return 0
	sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$etc/config"
	if [ "$2" = cil ]; then
		cp "$HR_TEST_SRCDIR/profiles/selinux/hardrun.cil" "$1/root/hardrun.cil" &&
			in_root "$1" semodule -n -s default -i /root/hardrun.cil || return
	fi
	cat >"$etc/default/contexts/files/file_contexts.local" <<-END
		/usr/local/sbin/vm-init	--	system_u:object_r:init_exec_t:s0
		/usr/local/sbin/vm-payload	--	system_u:object_r:initrc_exec_t:s0
		/payload(/.*)?	system_u:object_r:usr_t:s0
		/results(/.*)?	system_u:object_r:var_log_t:s0
	END
	in_root "$1" setfiles -F /etc/selinux/default/contexts/files/file_contexts / >/dev/null
}

# A disk with one partition, whose PARTUUID the kernel's command line names: the numbers of
# NVMe disks change from boot to boot.
build_disk() { # ROOT FILE
	local megabytes
	megabytes=$(($(du -sm "$1" | cut -f 1) * 13 / 10 + 64))
	truncate -s $((megabytes + 2))M "$2" && python3 - "$2" $megabytes <<-'END' &&
		import struct, sys
		path, megabytes = sys.argv[1], int(sys.argv[2])
		table = struct.pack("<I2x4B4BII", 0x68617264, 0, 254, 255, 255, 0x83, 254, 255, 255,
		    2048, megabytes * 2048)
		with open(path, "r+b") as disk:
		    disk.seek(440)
		    disk.write(table + bytes(48) + b"\x55\xaa")
	END
		mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1,offset=1048576 -m 0 \
			-d "$1" "$2" ${megabytes}M
}

# ---- all of it ---------------------------------------------------------------------------

image_key() { # IMAGE SUITE
	local files=("$vm/images.sh" "$vm/guest/init" "$vm/guest/payload" "$vm"/guest/vm.*) released
	[ "$1" != cil ] || files+=("$HR_TEST_SRCDIR/profiles/selinux/hardrun.cil")
	released=$(dates "$2") || return
	{ cat "${files[@]}" && echo "$released"; } | sha256sum | cut -c 1-16
}

build_image() { # DIR IMAGE SUITE PACKAGES...
	local dir=$1 image=$2 suite=$3
	shift 3
	build_root "$dir/root" "$suite" "$@" && build_kernel "$dir" "$dir/root" "$suite" &&
		build_guest "$dir/root" && build_labels "$dir/root" "$image" &&
		build_disk "$dir/root" "$dir/root.img" && rm -rf "$dir/root"
}

# 0: there; 1: the machine cannot ($why); 2: could not be built ($why, $scratch/build.log)
image_ready() { # IMAGE
	local parts key start=$SECONDS
	read -ra parts < <(image_of "$1")
	mirrors || return 1
	key=$(image_key "$1" "${parts[0]}") || { why="no image: see $(tail -n 1 "$scratch/apt.out")"; return 1; }
	mkdir -p "$cache" && exec 9>"$cache/lock" && flock 9 || return 1
	image_dir=$cache/$1-$key
	if [ ! -e "$image_dir/root.img" ]; then
		rm -rf "$cache/$1"-* "$cache/new"
		mkdir "$cache/new"
		# shellcheck disable=SC2034 # for the caller
		why="the image $1 cannot be built"
		build_image "$cache/new" "$1" "${parts[@]}" >"$scratch/build.log" 2>&1 9>&- || return 2
		mv "$cache/new" "$image_dir"
		note "image $1: built in $((SECONDS - start)) s"
	fi
	exec 9>&-
}

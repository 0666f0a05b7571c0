# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For escape.sh: the tables of README.md and docs/ESCAPES.md, made of its verdicts on runc in
# $in. They stand between markers; the rest of these papers is written by hand.

: "${in:=}" "${hybrid:=false}" # escape.sh sets them
table_begin='<!-- escape table: begin -->' table_end='<!-- escape table: end -->'

# Rows whose figures without hardrun are the same on every kernel of today; the others depend
# on its version, its configuration, and on what root may do on the machine.
steady='pipe splicing (Dirty Pipe)|kernel keyrings|files by handle (shocker)|ioctl: TIOCSTI, drivers, modules'

# What the figures depend on, beside hardrun.
measured_on() {
	printf 'Linux %s %s%s, %s, cgroup %s' "$(uname -r | cut -d . -f 1,2)" "$(uname -m)" \
		"$([ -e /proc/sys/kernel/modprobe ] || echo ' without modules')" \
		"$(runc --version | sed -n '1s/ version//p')" "$([ "$hybrid" = true ] && echo 1 || echo 2)"
}

# counts title|vector: lines NAME-OF-IT WHAT TRIES SPEC DOCKER CRI PRIVILEGED HARDRUN OPEN,
# by tabs. HARDRUN: reached in any shape; OPEN: those of them that are not on purpose.
counts() { # BY
	awk -F '\t' -v by="$1" '
		NR == FNR {
			row = by == "title" ? $4 : $1
			if (!(row in tries)) order[++rows] = row
			tries[row]++
			of = by == "title" ? $1 : $2
			if (!named[row, of]++) names[row] = names[row] (names[row] ? " " : "") of
			row_of[$1 " " $2] = row
			mark[$1 " " $2] = $3
			next
		}
		{ split($0, word, " "); key = word[1] " " word[2]; row = row_of[key] }
		word[3] != "REACHED" || side == "hr" && got[key]++ { next }
		{ reached[row, side]++ }
		side == "hr" && mark[key] ~ /^known/ { open[row]++ }
		END {
			for (i = 1; i <= rows; i++) {
				row = order[i]
				printf "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", row, names[row], tries[row], \
					reached[row, "spec"], reached[row, "docker"], reached[row, "cri"], \
					reached[row, "privileged"], reached[row, "hr"], open[row]
			}
		}' "$in/list" side=spec "$in/runc.bare.spec" side=docker "$in/runc.bare.docker" \
		side=cri "$in/runc.bare.cri" side=privileged "$in/runc.bare.privileged" \
		side=hr "$in"/runc.hr.{spec,docker,cri}
}

# markdown FIRST SECOND: a table of the counts on stdin, with a sum
markdown() {
	printf '| %s | %s | tries | runc spec | Docker | CRI | privileged | with hardrun |\n' "$1" "$2"
	echo '|---|---|--:|--:|--:|--:|--:|--:|'
	awk -F '\t' '
		function cell(hardrun, open) { return open ? hardrun " (" open ")" : hardrun }
		{
			print "| " $1 " | " $2 " | " $3 " | " $4 " | " $5 " | " $6 " | " $7 " | " cell($8, $9) " |"
			for (i = 3; i <= 9; i++) sum[i] += $i
		}
		END {
			print "| | all | " sum[3] " | " sum[4] " | " sum[5] " | " sum[6] " | " sum[7] " | " \
				cell(sum[8], sum[9]) " |"
		}'
}

readme_table() {
	counts title | awk -F '\t' -v OFS='\t' '{ swap = $1; $1 = $2; $2 = swap } 1' |
		markdown vectors 'tried from inside'
	echo
	cat <<-END
		How many tries reach the kernel's own code for the call. With hardrun, without a policy: any of the first
		three shapes; the privileged one is refused at create. In brackets: not on purpose, to be closed
		([all of them](docs/ESCAPES.md)). $(measured_on).
	END
}

# marks_table MARK: probes with it, and why
marks_table() {
	awk -F '\t' -v mark="$1" 'index($3, mark ": ") == 1 {
		print "| " $1 " `" $2 "` | " substr($3, length(mark) + 3) " |" }' "$in/list"
}

escapes_table() {
	printf '## Every vector\n\n'
	counts vector | markdown vector probes
	printf '\n%s.\n\n## On purpose\n\n| probe | why |\n|---|---|\n' "$(measured_on)"
	marks_table intended
	printf '\n## Not yet closed\n\n| probe | control, and what is missing |\n|---|---|\n'
	marks_table known
}

block_of() { # FILE: what stands between the markers
	awk -v begin="$table_begin" -v end="$table_end" '
		$0 == end { inside = 0 }
		inside
		$0 == begin { inside = 1 }' "$1"
}

write_block() { # FILE COMMAND
	local all
	all=$(awk -v begin="$table_begin" -v end="$table_end" -v new="$("$2")" '
		$0 == end { inside = 0 }
		!inside
		$0 == begin { inside = 1; print new }' "$1") && printf '%s\n' "$all" >"$1"
}

write_tables() {
	write_block "$HR_TEST_SRCDIR/README.md" readme_table
	write_block "$HR_TEST_SRCDIR/docs/ESCAPES.md" escapes_table
}

# What must be the same on every machine: rows, their order, tries, whole steady rows, and
# with hardrun a 0 where no probe is marked. (A kernel may lack what is marked.)
machine_independent() {
	awk -F ' \\| ' -v OFS=' | ' -v steady="|$steady|" '
		NR == FNR { split($0, field, "\t"); if (field[3] != "-") marked[field[4]]++; next }
		!/^\|/ || / all \| / { next }
		index(steady, "|" $2 "|") { print; next }
		{ print $1, $2, $3, marked[$2] ? "" : $NF }' "$in/list" -
}

compare_tables() {
	local file command
	for file in README.md:readme_table docs/ESCAPES.md:escapes_table; do
		command=${file#*:} file=${file%:*}
		block_of "$HR_TEST_SRCDIR/$file" >"$in/written"
		"$command" >"$in/fresh"
		if ! grep -q "Linux [0-9.]* $(uname -m)" "$in/written"; then
			skip "$file: its table is that of this run" "it is of another architecture"
		elif grep -qF "$(measured_on)." "$in/written"; then
			is "$(diff "$in/written" "$in/fresh")" '' "$file: its table is that of this run"
		elif [ "$file" = README.md ]; then
			is "$(diff <(machine_independent <"$in/written") <(machine_independent <"$in/fresh"))" '' \
				"$file: its table is that of this run, in what does not depend on the machine"
		else
			is "$(diff <(grep -E '^\| E[0-9]+ `' "$in/written") \
				<(grep -E '^\| E[0-9]+ `' "$in/fresh"))" '' "$file: its lists are the probes'"
		fi
	done
}

# What machine.Task runs in containers, for any POSIX shell with mkdir, mv, rm and tail:
# $1 verb, $2 folder of the marks, $3 log, $4 how long a success counts, $5 shell, $6 command.
set -u
verb=$1 dir=$2 log=$3 keep=$4 shell=$5 command=$6

# born says when a process began, in ticks since the machine did; nothing if it has ended. An
# ID alone can be another process's by now.
born() {
	read -r stat <"/proc/$1/stat" || return 1
	set -f
	set -- ${stat##*)} # the name before it may hold anything
	[ "$1" != Z ] && echo "${20}"
} 2>/dev/null

# alive reports whether the task runs.
alive() {
	pid='' since=''
	read -r pid since <"$dir/pid" && [ -n "$since" ] && [ "$(born "$pid")" = "$since" ]
} 2>/dev/null

# ended reports whether it has ended, in the life of the container that counts.
ended() {
	code='' life=''
	read -r code life <"$dir/code" && { [ "$keep" = always ] || [ "$life" = "$boot" ]; }
} 2>/dev/null

boot=$(born 1)
case $verb in
start)
	mkdir -p "$dir" "${log%/*}" || exit 1
	# One who starts it at a time. A lock that is five seconds old belonged to one who died.
	n=0
	until mkdir "$dir/lock" 2>/dev/null; do
		n=$((n + 1))
		[ "$n" -le 5 ] || break
		sleep 1
	done
	trap 'rm -rf "$dir/lock"' EXIT
	if alive || { ended && [ "$code" = 0 ]; }; then exit 0; fi
	rm -f "$dir/code"
	if [ "$keep" = boot ] && (: >/proc/1/fd/1) 2>/dev/null; then log=/proc/1/fd/1; fi
	(
		"$shell" -c "$command"
		echo "$? $boot" >"$dir/code.new"
		mv "$dir/code.new" "$dir/code"
	) </dev/null >"$log" 2>&1 &
	pid=$!
	echo "$pid $(born "$pid")" >"$dir/pid"
	;;
look)
	# Ended first: between the two questions it may end, but not begin.
	if alive; then echo running; elif ended; then echo "ended $code"; else echo gone; fi
	tail -c 4096 "$log" 2>/dev/null
	;;
stop)
	alive || exit 0
	# All that it started is in the group of the command that started it, unless it left.
	read -r stat <"/proc/$pid/stat" || exit 0
	set -f
	set -- ${stat##*)}
	[ "$3" -gt 1 ] && kill -9 "-$3"
	;;
esac
exit 0

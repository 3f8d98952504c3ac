#!/bin/sh
# Runs a Docker engine of its own on this machine, as if it were on another: a second host.
#
#   docker-second.sh start DIR     start one that keeps all it has in DIR, and print its DOCKER_HOST
#   docker-second.sh address DIR   print the address to publish its containers' ports on
#   docker-second.sh stop DIR      stop it and its containers; start brings back what it had
#   docker-second.sh remove DIR    stop it, and delete DIR and its network
#
# It has a network namespace of its own, where it is the only one who touches bridges, the firewall
# and ports (two engines in one take down each other's): this machine reaches it by its address, as
# it would another machine, and it reaches the world. An agent takes it with
# --docker "$(docker-second.sh start DIR)" --publish ADDRESS --address ADDRESS.
#
# For tests and demos; as root, on Linux. Exit: 0 done, 1 it does not come up, 3 only the user can help.
set -eu
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin

usage() {
	sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

[ $# -eq 2 ] || usage
case $2 in
/*) DIR=${2%/} ;;
*) DIR=$PWD/${2%/} ;;
esac
SOCKET=$DIR/docker.sock
PID=$DIR/docker.pid
LOG=$DIR/docker.log
CONTAINERD=$DIR/exec/containerd/containerd.pid

# All names follow from the folder's, so that every call finds what another has made.
hash=$(printf %s "$DIR" | cksum | cut -d' ' -f1)
NAME=kelvin-$hash
NET=10.$((128 + hash % 64)).$((hash / 64 % 256))
ADDRESS=$NET.2

answers() { curl -fsS -m 5 --unix-socket "$SOCKET" http://docker/_ping >/dev/null 2>&1; }

# running PIDFILE PROGRAM prints the process of a pid file if it is that program of this folder:
# after a crash the number may be another's.
running() {
	pid=$(cat "$1" 2>/dev/null) || return 1
	[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || return 1
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q -F "$DIR/" || return 1
	echo "$pid"
}

needs() {
	if [ "$(uname -s)" != Linux ] || ! is_root; then
		say "A second Docker engine needs Linux, and root."
		exit "$CANNOT"
	fi
	for program in dockerd curl ip iptables nsenter; do
		if ! have "$program"; then
			say "A second Docker engine needs $program. In Debian: docker.io, curl, iproute2, iptables, util-linux."
			exit "$CANNOT"
		fi
	done
}

# namespace makes its network: a cable from this machine to it.
namespace() {
	ip netns list | grep -q "^$NAME\b" || ip netns add "$NAME"
	if ! ip link show "kv$hash" >/dev/null 2>&1; then
		ip link add "kv$hash" type veth peer name eth0 netns "$NAME"
		ip addr add "$NET.1/24" dev "kv$hash"
		ip link set "kv$hash" up
		ip -n "$NAME" addr add "$ADDRESS/24" dev eth0
		ip -n "$NAME" link set eth0 up
		ip -n "$NAME" link set lo up
		ip -n "$NAME" route add default via "$NET.1"
	fi
	# Out into the world, past the first engine's firewall: its DOCKER-USER is there for that.
	echo 1 >/proc/sys/net/ipv4/ip_forward
	rules add
}

rules() {
	chain=FORWARD
	if iptables -n -L DOCKER-USER >/dev/null 2>&1; then chain=DOCKER-USER; fi
	rule "$1" filter "$chain" -i "kv$hash" -j ACCEPT
	rule "$1" filter "$chain" -o "kv$hash" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	rule "$1" nat POSTROUTING -s "$ADDRESS" ! -o "kv$hash" -j MASQUERADE
}

rule() {
	how=$1 table=$2 to=$3
	shift 3
	if iptables -t "$table" -C "$to" "$@" 2>/dev/null; then
		[ "$how" = add ] || iptables -t "$table" -D "$to" "$@"
	elif [ "$how" = add ]; then
		iptables -t "$table" -I "$to" "$@"
	fi
}

start() {
	needs
	if [ ${#SOCKET} -gt 80 ]; then
		say "$DIR is too long for the addresses of sockets."
		exit "$CANNOT"
	fi
	mkdir -p "$DIR"
	chmod 711 "$DIR" # an engine wants its containers' users through
	if running "$PID" dockerd >/dev/null && answers; then
		echo "unix://$SOCKET"
		return 0
	fi
	running "$PID" dockerd >/dev/null || rm -f "$PID"
	running "$CONTAINERD" containerd >/dev/null || rm -f "$CONTAINERD"
	namespace >&2
	setsid nsenter --net="/run/netns/$NAME" dockerd -H "unix://$SOCKET" --pidfile "$PID" \
		--data-root "$DIR/data" --exec-root "$DIR/exec" --storage-driver overlay2 \
		--containerd-namespace "$NAME" --containerd-plugins-namespace "$NAME-plugins" \
		--default-address-pool base=172.17.0.0/16,size=24 --insecure-registry "$NET.1/32" \
		</dev/null >>"$LOG" 2>&1 &
	pid=$!
	tries=300
	while [ "$tries" -gt 0 ]; do
		if answers; then
			echo "unix://$SOCKET"
			return 0
		fi
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.2
		tries=$((tries - 1))
	done
	say "The second dockerd did not come up. The end of $LOG:" >&2
	tail -n 8 "$LOG" | cut -c1-300 | sed 's/^/    /' >&2
	kill "$pid" 2>/dev/null || true
	exit 1
}

# end PIDFILE PROGRAM SECONDS ends a process, in the end by force.
end() {
	pid=$(running "$1" "$2") || return 0
	kill "$pid" 2>/dev/null || return 0
	tries=$(($3 * 5))
	while [ "$tries" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		tries=$((tries - 1))
	done
	kill -9 "$pid" 2>/dev/null || true
}

stop() {
	needs
	end "$PID" dockerd 30
	end "$CONTAINERD" containerd 5
	orphans
	# What a killed engine has left mounted keeps its folders.
	grep -F " $DIR/" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r mounted; do
		umount "$mounted" 2>/dev/null || umount -l "$mounted" || true
	done
	rm -f "$SOCKET" "$PID"
}

# orphans ends the containers of an engine that was killed: their shims name its folder.
orphans() {
	for process in /proc/[0-9]*; do
		case $(cat "$process/comm" 2>/dev/null) in
		containerd-shim*)
			if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -q -F "$DIR/"; then
				# The first process of a container takes the others along.
				cat "$process"/task/*/children 2>/dev/null | xargs -r kill -9 2>/dev/null || true
				kill -9 "${process#/proc/}" 2>/dev/null || true
			fi
			;;
		esac
	done
}

remove() {
	stop
	rules drop
	ip link delete "kv$hash" 2>/dev/null || true
	ip netns delete "$NAME" 2>/dev/null || true # with its bridges
	rm -rf "$DIR"
}

case $1 in
start | stop | remove) "$1" ;;
address) echo "$ADDRESS" ;;
*) usage ;;
esac

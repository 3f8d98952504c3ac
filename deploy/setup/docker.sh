#!/bin/sh
# Makes sure that a Docker engine answers.
#
#   docker.sh           look; install and start one if need be
#   docker.sh address   print DOCKER_HOST for clients that know no Docker contexts, if they need it
#
# An engine of the user's (DOCKER_HOST, a context of Docker Desktop or of rootless Docker) is used
# as it is. Exit: 0 an engine answers, 3 only the user can help and has been told how.
set -eu
. "$(dirname "$0")/lib.sh"

LOG=/var/log/kelvin-dockerd.log
SOCKET=/var/run/docker.sock

answers() {
	if have docker; then
		within 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
	elif [ -z "${DOCKER_HOST:-}" ] && [ -S "$SOCKET" ] && have curl; then
		curl -fsS -m 20 --unix-socket "$SOCKET" http://docker/_ping >/dev/null 2>&1
	else
		return 1
	fi
}

# address is what a context of the docker command stands for; nothing for the default one.
address() {
	if [ -n "${DOCKER_HOST:-}" ]; then
		printf '%s\n' "$DOCKER_HOST"
	elif have docker; then
		at=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
		[ "$at" = "unix://$SOCKET" ] || [ "$at" = "unix:///run/docker.sock" ] || printf '%s\n' "$at"
	fi
}

if [ "${1:-}" = address ]; then
	address
	exit 0
fi

if answers; then
	exit 0
fi

theirs=$(address)
if [ -n "$theirs" ]; then
	say "No Docker engine answers at $theirs, which DOCKER_HOST or the Docker context names."
	hint "Start that engine, or unset DOCKER_HOST (docker context use default)."
	exit "$CANNOT"
fi

if [ -S "$SOCKET" ] && ! is_root && ! [ -w "$SOCKET" ]; then
	say "There is a Docker engine, but $(id -un) may not use it. Allow it, then log in again:"
	hint "sudo usermod -aG docker $(id -un)"
	exit "$CANNOT"
fi

case $(uname -s) in
Linux) ;;
*)
	say "Docker does not run. Start Docker Desktop, or install it: https://docs.docker.com/get-docker/"
	exit "$CANNOT"
	;;
esac

if ! have dockerd && ! [ -x /usr/sbin/dockerd ]; then
	# Newer releases have the command in a package of its own.
	if have apt-get && is_root && ! offers docker.io; then
		apt_update || true
	fi
	if have docker || ! offers docker-cli; then
		install_packages Docker docker.io iptables
	else
		install_packages Docker docker.io docker-cli iptables
	fi
fi
have iptables || [ -x /usr/sbin/iptables ] || ! is_root || install_packages iptables iptables
# docker-second.sh lays a cable between two engines.
have ip || [ -x /sbin/ip ] || ! is_root || install_packages ip iproute2

# wait_for_engine SECONDS [PID] waits until an engine answers, or that process has ended.
wait_for_engine() {
	tries=$(($1 * 5))
	while [ "$tries" -gt 0 ]; do
		if answers; then
			return 0
		fi
		if [ -n "${2:-}" ] && ! kill -0 "$2" 2>/dev/null; then
			answers # another one may have been quicker
			return
		fi
		sleep 0.2
		tries=$((tries - 1))
	done
	return 1
}

if ! is_root; then
	say "Docker is installed but does not run. Start it with:"
	if has_systemd; then
		hint "sudo systemctl start docker"
	else
		hint "sudo $0"
	fi
	exit "$CANNOT"
fi

if has_systemd; then
	say "Starting Docker (systemctl start docker)"
	if systemctl start docker && wait_for_engine 60; then
		exit 0
	fi
	say "Docker did not start. See: journalctl -u docker -n 50"
	exit "$CANNOT"
fi

# No init system: start dockerd by hand. It outlives this script, and makes its own pid file.
start_dockerd() {
	# On a disk that survives a restart the pid file does too, and may name another's process now.
	for file in /var/run/docker.pid /run/docker/containerd/containerd.pid /var/run/docker/containerd/containerd.pid; do
		if [ -f "$file" ]; then
			case $(cat "/proc/$(cat "$file")/comm" 2>/dev/null || true) in
			dockerd | containerd) ;;
			*) rm -f "$file" ;;
			esac
		fi
	done
	PATH=$PATH:/usr/sbin:/sbin setsid dockerd </dev/null >"$LOG" 2>&1 &
	wait_for_engine 60 $!
}

if [ -d /sys/fs/cgroup ] && ! grep -q ' /sys/fs/cgroup' /proc/self/mounts; then
	say "Mounting the control groups, which no init system has done"
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || true
fi

say "Starting dockerd, for there is no init system (log: $LOG)"
if start_dockerd; then
	exit 0
fi

# Kernels without nftables' compatibility layer need the older iptables.
if grep -qi iptables "$LOG" && [ -x /usr/sbin/iptables-legacy ] && have update-alternatives &&
	[ "$(readlink -f "$(command -v iptables || echo /usr/sbin/iptables)")" != "$(readlink -f /usr/sbin/iptables-legacy)" ]; then
	say "dockerd failed on iptables; switching this machine to iptables-legacy and trying again"
	update-alternatives --set iptables /usr/sbin/iptables-legacy >&2
	update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy >&2 || true
	if start_dockerd; then
		exit 0
	fi
fi

say "dockerd did not come up. The end of $LOG:"
tail -n 8 "$LOG" | cut -c1-300 | sed 's/^/    /'
hint "In a container it needs to be run with --privileged, or with the host's $SOCKET mounted."
exit "$CANNOT"

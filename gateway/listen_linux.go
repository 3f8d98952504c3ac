package gateway

import (
	"errors"

	"golang.org/x/sys/unix"
)

// share lets others listen on the address of a socket.
func share(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }

// steer has the second of the sockets that share an address get all new connections: with two
// gateways that is the one that came later. Without a second one the kernel goes on as before.
func steer(fd int) error {
	program := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 1}}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &filter)
}

var errWaiting = errors.New("connections wait to be accepted")

// empty fails while there are connections that were not accepted yet.
func empty(fd int) error {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err == nil && info.Unacked > 0 { // which says that of a listener
		return errWaiting
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// splitAddress returns the parts of a host:port. The host must be an address
// of the loopback interface, since nothing here asks who is calling. What
// names the address in errors.
func splitAddress(what, address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%s %q: want host:port", what, address)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return "", 0, fmt.Errorf("%s %s: the host must be a loopback address such as 127.0.0.1", what, address)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%s %s: no such port", what, address)
	}
	return host, int(number), nil
}

// freeAddress checks that address can be listened on, and returns it with a
// real port where that was 0.
func freeAddress(what, address string) (string, error) {
	host, port, err := splitAddress(what, address)
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("%s %s: the port is taken", what, address)
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", what, address, err)
	}
	defer listener.Close()
	if port == 0 {
		if err := reserve(listener); err != nil {
			return "", fmt.Errorf("%s %s: %w", what, address, err)
		}
	}
	return listener.Addr().String(), nil
}

// reserve keeps the kernel from giving the listener's port to somebody else
// who asks for a free one, after the listener is closed and before the server
// binds it. A connection closed from the listening side leaves the port in
// TIME_WAIT: it is skipped for port 0, and can be bound by its number.
func reserve(listener net.Listener) error {
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		return err
	}
	return server.Close()
}

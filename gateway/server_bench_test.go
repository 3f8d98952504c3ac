package gateway

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkStreams sends bytes through an address of a server and through a bare io.Copy
// proxy, in turns, and reports the medians of what the gateway carries over what that one
// does (above 1: the gateway is faster): for 8 streams that upload as fast as they can, and
// for 8 that send 64 bytes and wait for them to come back.
func BenchmarkStreams(b *testing.B) {
	for _, c := range []struct {
		name   string
		handle func(net.Conn)
		load   func(testing.TB, string) float64
	}{
		{"bulk", swallow, bulk},
		{"echo", echo, pingPong},
	} {
		b.Run(c.name, func(b *testing.B) {
			target := mustTarget(b, c.handle)
			g := mustGateway(b, Options{})
			mustStreams(b, g)
			ports := mustPorts(b, 1)
			g.Apply(serverRoutes(1, ports, target))
			require.NoError(b, mustConnect(b, ports[0]).Close())
			proxies := [2]string{mustTarget(b, bareProxy(target)), at(ports[0])}
			for _, p := range proxies {
				c.load(b, p)
			}
			var ratios []float64
			var rates [2][]float64
			b.ResetTimer()
			for round := 0; b.Loop(); round++ {
				var rate [2]float64
				for i := range proxies {
					i = (i + round) % 2 // who begins alternates
					rate[i] = c.load(b, proxies[i])
					rates[i] = append(rates[i], rate[i])
				}
				ratios = append(ratios, rate[1]/rate[0])
			}
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(median(rates[0]), "bare/s")
			b.ReportMetric(median(rates[1]), "kelvin/s")
			b.ReportMetric(float64(len(ratios)), "rounds")
		})
	}
}

// bareProxy is what anybody would write.
func bareProxy(target string) func(net.Conn) {
	return func(client net.Conn) {
		defer client.Close()
		server, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer server.Close()
		var wg sync.WaitGroup
		for _, way := range [][2]net.Conn{{server, client}, {client, server}} {
			wg.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				_ = way[0].(*net.TCPConn).CloseWrite()
			})
		}
		wg.Wait()
	}
}

func swallow(c net.Conn) {
	_, _ = io.Copy(io.Discard, c)
	_ = c.Close()
}

const benchStreams = 8

// bulk uploads over all streams, and returns MB a second.
func bulk(t testing.TB, address string) float64 {
	const each = 64 << 20
	block := make([]byte, 256<<10)
	return timed(t, address, each*benchStreams/1e6, func(c *net.TCPConn) error {
		for sent := 0; sent < each; sent += len(block) {
			if _, err := c.Write(block); err != nil {
				return err
			}
		}
		if err := c.CloseWrite(); err != nil {
			return err
		}
		_, err := io.ReadAll(c) // it ends once all has arrived
		return err
	})
}

// pingPong returns round trips a second.
func pingPong(t testing.TB, address string) float64 {
	const each = 2000
	return timed(t, address, each*benchStreams, func(c *net.TCPConn) error {
		ball := make([]byte, 64)
		for range each {
			if _, err := c.Write(ball); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, ball); err != nil {
				return err
			}
		}
		return nil
	})
}

// timed runs one over each of some streams, and returns amount by the seconds they took.
func timed(t testing.TB, address string, amount float64, one func(*net.TCPConn) error) float64 {
	errs := make([]error, benchStreams)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range errs {
		wg.Go(func() {
			c, err := net.Dial("tcp", address)
			if err == nil {
				err = one(c.(*net.TCPConn))
				_ = c.Close()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return amount / time.Since(began).Seconds()
}

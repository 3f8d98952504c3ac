package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A grpcWorker is a real gRPC server. Its only method is a stream both ways, which is every
// other kind of method, too, as far as the wire goes.
type grpcWorker struct {
	begun, ended chan error // of /test.Echo/Hang
}

// mustGRPCWorker starts one and returns its address.
func mustGRPCWorker(t *testing.T) (*grpcWorker, string) {
	t.Helper()
	w := &grpcWorker{begun: make(chan error, 100), ended: make(chan error, 100)}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64<<20), grpc.MaxSendMsgSize(64<<20))
	methods := map[string]grpc.StreamHandler{"Chat": w.chat, "Fail": w.fail, "Hang": w.hang}
	desc := &grpc.ServiceDesc{ServiceName: "test.Echo", HandlerType: (*any)(nil)}
	for name, handler := range methods {
		desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: name, Handler: handler, ServerStreams: true, ClientStreams: true})
	}
	server.RegisterService(desc, w)
	ln := mustListen(t)
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(server.Stop)
	return w, ln.Addr().String()
}

// chat answers each message, the first with a header before it, and ends with a trailer.
func (w *grpcWorker) chat(_ any, s grpc.ServerStream) error {
	in, _ := metadata.FromIncomingContext(s.Context())
	if err := s.SendHeader(metadata.Pairs("saw-key", strings.Join(in.Get("key"), ","), "saw-host", strings.Join(in.Get(":authority"), ","))); err != nil {
		return err
	}
	s.SetTrailer(metadata.Pairs("saw-bin", strings.Join(in.Get("key-bin"), ","), "end-bin", "\x00\xff"))
	for {
		var m wrapperspb.BytesValue
		switch err := s.RecvMsg(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := s.SendMsg(&m); err != nil {
			return err
		}
	}
}

// fail ends with the code that the first message names, with no header before it.
func (w *grpcWorker) fail(_ any, s grpc.ServerStream) error {
	var m wrapperspb.BytesValue
	if err := s.RecvMsg(&m); err != nil {
		return err
	}
	st, err := status.New(codes.Code(m.Value[0]), "it is 10% of \u00fc").WithDetails(&errdetails.ErrorInfo{Reason: "REASON"})
	if err != nil {
		return err
	}
	return st.Err()
}

func (w *grpcWorker) hang(_ any, s grpc.ServerStream) error {
	_, limited := s.Context().Deadline()
	if !limited {
		w.begun <- errors.New("no deadline")
	} else {
		w.begun <- nil
	}
	<-s.Context().Done()
	w.ended <- s.Context().Err()
	return s.Context().Err()
}

var chat = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

// mustGRPC is a client of the test endpoint.
func mustGRPC(t *testing.T, address, host string, c credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+host, grpc.WithTransportCredentials(c), grpc.WithAuthority(host), grpc.WithDisableRetry(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestGRPCPassesThrough(t *testing.T) {
	t.Parallel()
	_, worker := mustGRPCWorker(t)
	g := mustGateway(t, Options{})
	dir := t.TempDir()
	o := TLS{CertFile: filepath.Join(dir, "crt"), KeyFile: filepath.Join(dir, "key")}
	roots := mustKeyPair(t, o.CertFile, o.KeyFile, 1, time.Now().Add(time.Hour))
	plain, secure := mustListen(t), mustListen(t)
	mustTLS(t, g, plain, secure, o)
	g.Apply(routes(1, mustDeadAddress(t), worker))
	for name, conn := range map[string]*grpc.ClientConn{
		"without TLS": mustGRPC(t, plain.Addr().String(), testSecureHost, insecure.NewCredentials()),
		"over TLS":    mustGRPC(t, secure.Addr().String(), testSecureHost, credentials.NewClientTLSFromCert(roots, "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("both ways at once", func(t *testing.T) { grpcBothWays(t, conn) })
			t.Run("one after the other", func(t *testing.T) { grpcPingPong(t, conn) })
			t.Run("large", func(t *testing.T) { grpcLarge(t, conn) })
			t.Run("codes", func(t *testing.T) { grpcCodes(t, conn) })
			t.Run("many", func(t *testing.T) { grpcMany(t, conn) })
		})
	}
}

func mustStream(t *testing.T, ctx context.Context, conn *grpc.ClientConn, method string) grpc.ClientStream {
	t.Helper()
	s, err := conn.NewStream(ctx, chat, "/test.Echo/"+method)
	require.NoError(t, err)
	return s
}

// grpcBothWays sends and receives thousands of messages, not in step.
func grpcBothWays(t *testing.T, conn *grpc.ClientConn) {
	ctx := metadata.AppendToOutgoingContext(t.Context(), "key", "one", "key", "two", "key-bin", "\x00\x01\xfe")
	s := mustStream(t, ctx, conn, "Chat")
	const messages = 5000
	sent := make(chan error, 1)
	go func() {
		for i := range messages {
			if err := s.SendMsg(wrapperspb.Bytes(fmt.Append(nil, "message ", i))); err != nil {
				sent <- err
				return
			}
		}
		sent <- s.CloseSend()
	}()
	header, err := s.Header()
	require.NoError(t, err)
	require.Equal(t, []string{"one,two"}, header.Get("saw-key"))
	require.Equal(t, []string{testSecureHost}, header.Get("saw-host"))
	require.NotEmpty(t, header.Get("x-request-id"))
	for i := range messages {
		var m wrapperspb.BytesValue
		require.NoError(t, s.RecvMsg(&m))
		require.Equal(t, fmt.Sprint("message ", i), string(m.Value))
	}
	require.ErrorIs(t, s.RecvMsg(&wrapperspb.BytesValue{}), io.EOF)
	require.NoError(t, <-sent)
	require.Equal(t, []string{"\x00\x01\xfe"}, s.Trailer().Get("saw-bin"))
	require.Equal(t, []string{"\x00\xff"}, s.Trailer().Get("end-bin"))
}

// grpcPingPong sends each message only once the answer to the one before has come: nothing
// is kept back on the way.
func grpcPingPong(t *testing.T, conn *grpc.ClientConn) {
	s := mustStream(t, t.Context(), conn, "Chat")
	for i := range 200 {
		require.NoError(t, s.SendMsg(wrapperspb.Bytes([]byte{byte(i)})))
		var m wrapperspb.BytesValue
		require.NoError(t, s.RecvMsg(&m))
		require.Equal(t, []byte{byte(i)}, m.Value)
	}
	require.NoError(t, s.CloseSend())
	require.ErrorIs(t, s.RecvMsg(&wrapperspb.BytesValue{}), io.EOF)
}

func grpcLarge(t *testing.T, conn *grpc.ClientConn) {
	s := mustStream(t, t.Context(), conn, "Chat")
	large := make([]byte, 20<<20)
	for i := range large {
		large[i] = byte(i >> 8)
	}
	require.NoError(t, s.SendMsg(wrapperspb.Bytes(large)))
	require.NoError(t, s.CloseSend())
	var m wrapperspb.BytesValue
	require.NoError(t, s.RecvMsg(&m))
	require.True(t, string(large) == string(m.Value)) //nolint:testifylint // 20 MiB are not to be printed
}

func grpcCodes(t *testing.T, conn *grpc.ClientConn) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		s := mustStream(t, t.Context(), conn, "Fail")
		require.NoError(t, s.SendMsg(wrapperspb.Bytes([]byte{byte(code)})))
		got := status.Convert(s.RecvMsg(&wrapperspb.BytesValue{}))
		require.Equal(t, code, got.Code())
		require.Equal(t, "it is 10% of \u00fc", got.Message())
		require.Len(t, got.Details(), 1)
	}
	s := mustStream(t, t.Context(), conn, "NoSuchMethod")
	require.Equal(t, codes.Unimplemented, status.Code(s.RecvMsg(&wrapperspb.BytesValue{})))
}

// grpcMany opens more streams at once than one HTTP/2 connection has by default.
func grpcMany(t *testing.T, conn *grpc.ClientConn) {
	var wg sync.WaitGroup
	for range 600 {
		wg.Go(func() {
			s, err := conn.NewStream(t.Context(), chat, "/test.Echo/Chat")
			if err == nil {
				err = s.SendMsg(wrapperspb.Bytes([]byte("hello")))
			}
			if err == nil {
				err = s.RecvMsg(&wrapperspb.BytesValue{})
			}
			if err == nil {
				err = s.CloseSend()
			}
			if err == nil {
				if err = s.RecvMsg(&wrapperspb.BytesValue{}); errors.Is(err, io.EOF) {
					err = nil
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestGRPCDeadlinesAndCancelsReachTheWorker(t *testing.T) {
	t.Parallel()
	w, worker := mustGRPCWorker(t)
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, worker))
	conn := mustGRPC(t, front, testHost, insecure.NewCredentials())

	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	s := mustStream(t, ctx, conn, "Hang")
	require.NoError(t, <-w.begun, "the worker knows how long it may take")
	require.Equal(t, 1, g.Report().InFlight["ins_0"])
	cancel()
	require.Equal(t, codes.Canceled, status.Code(s.RecvMsg(&wrapperspb.BytesValue{})))
	require.Error(t, <-w.ended)
	require.Eventually(t, func() bool { return g.Report().InFlight["ins_0"] == 0 }, 5*time.Second, time.Millisecond)

	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s = mustStream(t, ctx, conn, "Hang")
	require.Equal(t, codes.DeadlineExceeded, status.Code(s.RecvMsg(&wrapperspb.BytesValue{})))
	<-w.begun
	require.Error(t, <-w.ended)
}

// What the gateway has to say itself, it says in gRPC's words.
func TestGRPCClientsUnderstandTheGatewaysOwnAnswers(t *testing.T) {
	t.Parallel()
	_, worker := mustGRPCWorker(t)
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)
	fails := func(host string, code codes.Code, want *problem) {
		t.Helper()
		s := mustStream(t, t.Context(), mustGRPC(t, front, host, insecure.NewCredentials()), "Chat")
		got := status.Convert(s.RecvMsg(&wrapperspb.BytesValue{}))
		require.Equal(t, code, got.Code(), got.Message())
		require.Equal(t, want.title+": "+want.detail, got.Message())
		header, err := s.Header()
		require.NoError(t, err)
		trailer := metadata.Join(header, s.Trailer())
		require.Len(t, trailer.Get("x-request-id"), 1)
		require.Equal(t, want.retryAfter > 0, len(trailer.Get("retry-after")) > 0)
	}
	fails(testHost, codes.Unavailable, starting)
	g.Apply(routes(1))
	fails(testHost, codes.Unavailable, noReadyWorker)
	fails("ep-none.us-east.localhost", codes.NotFound, unknownEndpoint)
	g.Apply(routes(2, mustDeadAddress(t)))
	fails(testHost, codes.Unavailable, noReadyWorker) // ejected
	g.Apply(fleet.Routes{Version: 3, Endpoints: []fleet.EndpointRoute{{EndpointID: testEndpoint}}})
	fails(testHost, codes.Unavailable, endpointStopped)
	g.Apply(routes(4, worker))
	s := mustStream(t, t.Context(), mustGRPC(t, front, testHost, insecure.NewCredentials()), "Chat")
	require.NoError(t, s.CloseSend())
	require.ErrorIs(t, s.RecvMsg(&wrapperspb.BytesValue{}), io.EOF)
}

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// webUI is Temporal's web UI, its assets built in.
type webUI struct {
	server *server.Server
}

// startUI serves the UI at address and returns when it accepts connections.
func startUI(ctx context.Context, address, grpc, namespace string) (*webUI, error) {
	conf, err := uiConfig(address, grpc, namespace)
	if err != nil {
		return nil, err
	}
	ui := &webUI{server: server.NewServer(server_options.WithConfigProvider(conf))}
	// Start never returns an error: it ends the process when it cannot bind,
	// which is why the address was tried before.
	go func() { _ = ui.server.Start() }()

	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return ui, conn.Close()
		}
		select {
		case <-ctx.Done():
			ui.stop()
			return nil, fmt.Errorf("reach the UI: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (ui *webUI) stop() { ui.server.Stop() }

// uiConfig hides what would break Kelvin's promises. Terminating a workflow
// skips its undo; resetting an old one also terminates the operation that now
// holds the same resource. Cancel stays, because it undoes.
func uiConfig(address, grpc, namespace string) (*config.Config, error) {
	host, port, err := splitAddress("--ui", address)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host).To4() == nil {
		host = "[" + host + "]" // the UI puts it before ":port" as it is
	}
	return &config.Config{
		Host:                host,
		Port:                port,
		TemporalGRPCAddress: grpc,
		EnableUI:            true,
		DefaultNamespace:    namespace,
		CORS:                config.CORS{CookieInsecure: true}, // plain HTTP
		HideLogs:            true,
		// Left on, every browser that opens the UI asks the Internet for news.
		DisableNewsFetch:          true,
		WorkflowResetDisabled:     true,
		WorkflowTerminateDisabled: true,
	}, nil
}

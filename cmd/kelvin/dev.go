package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/cmd/kelvin/cli"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows/temporalchild"
)

// dev is all of Kelvin in one process, with kelvin-temporal as its child. It needs no
// configuration, and keeps everything in one folder.
type dev struct {
	common
	dataDir, listen, gateway, temporal, ui, contextName string
	agent                                               agentPart
	limits                                              gatewayPart
	addresses                                           addressRange
	policy                                              gpuPolicy
	prices                                              prices
	out                                                 io.Writer
}

// devDataCenter is where the only host stands.
const devDataCenter = fleet.DefaultDataCenter

func devCommand() *cobra.Command {
	d := dev{common: common{logLevel: "warn"}, agent: agentPart{simGPUs: "a100-80gb:8"}}
	cmd := &cobra.Command{
		Use: "dev", Short: "Run all of Kelvin on this machine, with nothing to configure", Args: cobra.NoArgs,
		Long: `Run all of Kelvin on this machine: server, console, worker, agent, gateway, and an
embedded Temporal with its UI. The record is SQLite, the host is this machine's Docker
engine (or a simulated machine without one), and its GPUs are simulated.

Everything is kept in --data-dir: the next start finds endpoints and instances as they
were. Containers go on running while Kelvin is down.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.out = cmd.OutOrStdout()
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&d.dataDir, "data-dir", ".kelvin", "folder of databases, credentials and logs")
	cmd.Flags().StringVar(&d.listen, "listen", "127.0.0.1:8080", "address of API and console")
	cmd.Flags().StringVar(&d.gateway, "gateway", "127.0.0.1:8081", "address for the requests to endpoints and to the URLs of servers")
	cmd.Flags().StringVar(&d.temporal, "temporal", "127.0.0.1:7233", "address of the embedded Temporal")
	cmd.Flags().StringVar(&d.ui, "temporal-ui", "127.0.0.1:8233", "address of Temporal's UI")
	cmd.Flags().StringVar(&d.contextName, "save-context", "dev", "context to write for the kelvin commands; empty: none")
	d.agent.flags(cmd)
	d.limits.limits(cmd)
	d.addresses.flags(cmd)
	d.policy.flags(cmd)
	d.prices.flags(cmd, "examples")
	d.flags(cmd)
	return configured(cmd)
}

// run runs everything until ctx ends.
func (d *dev) run(ctx context.Context) error {
	began := time.Now()
	logger, err := d.logger()
	if err != nil {
		return err
	}
	if err := d.policy.load(); err != nil {
		return err
	}
	if err := d.prices.load(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dataDir, 0o700); err != nil {
		return fmt.Errorf("make --data-dir: %w", err)
	}
	if d.dataDir, err = filepath.Abs(d.dataDir); err != nil {
		return err
	}
	api, err := listen(d.listen, "listen")
	if err != nil {
		return err
	}
	defer api.Close()
	requests, err := listen(d.gateway, "gateway")
	if err != nil {
		return err
	}
	defer requests.Close()
	record, err := openStore(ctx, "sqlite:"+filepath.Join(d.dataDir, "kelvin.db"))
	if err != nil {
		return err
	}
	defer record.Close()
	if err := d.seal(record); err != nil {
		return err
	}
	if err := d.addresses.on(record); err != nil {
		return err
	}
	me, err := d.bootstrap(ctx, record, requests.Addr())
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(d.dataDir, "temporal.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	child, err := temporalchild.Start(ctx, temporalchild.Options{
		DataDir: filepath.Join(d.dataDir, "temporal"), GRPC: d.temporal, UI: d.ui, Logger: quieter(logger), LogFile: logFile,
	})
	if err != nil {
		return err
	}
	defer child.Stop(context.WithoutCancel(ctx)) //nolint:errcheck // it ends with this process in any case
	return d.runParts(ctx, parts{api, requests, record, child, me, began}, logger)
}

// parts are what dev's parts share.
type parts struct {
	api, requests net.Listener
	record        *store.Store
	child         *temporalchild.Child
	me            credentials
	began         time.Time
}

func (d *dev) runParts(ctx context.Context, p parts, logger *slog.Logger) error {
	t := temporalFlags{address: p.child.Address, namespace: p.child.Namespace}
	temporal, err := t.dial("dev", logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	providers, err := d.agent.market.descriptors.load()
	if err != nil {
		return err
	}
	d.agent.server, d.agent.host, d.agent.token, d.agent.dataDir = "http://"+p.api.Addr().String(), p.me.Host, p.me.HostToken, d.dataDir
	if d.agent.volumes == "" {
		d.agent.volumes = filepath.Join(d.dataDir, "volumes")
		if err := os.MkdirAll(d.agent.volumes, 0o755); err != nil { //nolint:gosec // containers of any user mount what is in it
			return fmt.Errorf("make the folder of volumes: %w", err)
		}
	}
	if err := d.keepArchive(); err != nil {
		return err
	}
	m, err := d.agent.open(ctx, logger)
	if err != nil {
		return err
	}
	defer m.Close()
	info, err := m.Info(ctx)
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	srv := server{temporalUI: p.child.UI, simulated: info.Simulated, policy: d.policy, prices: d.prices}
	group.Go(func() error { return srv.run(ctx, p.api, p.record, temporal, t.namespace, logger) })
	group.Go(func() error { return runWorker(ctx, p.record, temporal, &d.policy.Policy, providers, "", logger) })
	gw := d.limits
	gw.server, gw.token, gw.dataCenter = d.agent.server, p.me.GatewayToken, devDataCenter
	group.Go(func() error { return gw.run(ctx, p.requests, nil, logger) })
	group.Go(func() error {
		return d.agent.run(ctx, m, temporal, logger, func() { d.greet(p, info.Driver, info.Version) })
	})
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case err := <-p.child.Wait():
			return fmt.Errorf("kelvin-temporal ended (see %s): %w", filepath.Join(d.dataDir, "temporal.log"), err)
		}
	})
	err = group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// credentials are what dev made at its first start, and finds again at the next.
type credentials struct {
	Key          string `json:"key"`
	Host         string `json:"host"`
	HostToken    string `json:"host_token"`
	GatewayToken string `json:"gateway_token"`
}

// seal has the record encrypted with a key that the first start makes.
func (d *dev) seal(record *store.Store) error {
	key, err := d.madeOnce("encryption.json")
	if err != nil {
		return err
	}
	return record.Seal(key)
}

// keepArchive puts the archive beside the record, unless another one is named.
func (d *dev) keepArchive() (err error) {
	if d.agent.archive != "" {
		return nil
	}
	d.agent.archive = "file://" + filepath.Join(d.dataDir, "archive")
	d.agent.archiveKey, err = d.madeOnce("archive.json")
	return err
}

// madeOnce is a key that the first start makes.
func (d *dev) madeOnce(name string) (string, error) {
	path := filepath.Join(d.dataDir, name)
	var key string
	err := readJSON(path, &key)
	if err == nil {
		return key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	var bytes [32]byte
	_, _ = rand.Read(bytes[:]) // crypto/rand never returns an error
	key = base64.StdEncoding.EncodeToString(bytes[:])
	return key, writeJSON(path, key)
}

// bootstrap makes account, key, data center, host and gateway once.
func (d *dev) bootstrap(ctx context.Context, record *store.Store, gateway net.Addr) (credentials, error) {
	_, port, err := net.SplitHostPort(gateway.String())
	if err != nil {
		return credentials{}, err
	}
	url := fmt.Sprintf("http://%%s.%s.localhost:%s", devDataCenter, port)
	if err := record.EnsureDataCenter(ctx, fleet.DataCenter{Name: devDataCenter, GatewayURL: url}); err != nil {
		return credentials{}, err
	}
	path := filepath.Join(d.dataDir, "dev.json")
	var me credentials
	switch err := readJSON(path, &me); {
	case err == nil:
		return me, nil
	case !errors.Is(err, os.ErrNotExist):
		return me, fmt.Errorf("read %s (remove the folder to begin anew): %w", path, err)
	}
	// A first start that was cut off left some of these behind; they get other names then.
	suffix := fleet.NewID("", time.Now())
	account, err := record.AccountByName(ctx, "dev")
	if fleet.Is(err, fleet.NotFound) {
		account, err = record.CreateAccount(ctx, "dev", true)
	}
	if err != nil {
		return me, err
	}
	if me.Key, _, err = record.CreateKey(ctx, account.ID, "dev", fleet.Owner); err != nil {
		return me, err
	}
	token, host, err := record.CreateHost(ctx, "dev-"+suffix, devDataCenter)
	if err != nil {
		return me, err
	}
	me.Host, me.HostToken = host.ID, token
	if me.GatewayToken, _, err = record.CreateGateway(ctx, "dev-"+suffix, devDataCenter); err != nil {
		return me, err
	}
	return me, writeJSON(path, me)
}

// greet says where everything is, once it works.
func (d *dev) greet(p parts, driver, engine string) {
	server := "http://" + local(p.api.Addr())
	path := ""
	if d.contextName != "" {
		var err error
		path, err = cli.SaveContext(d.contextName, cli.Context{Server: server, Key: p.me.Key, TemporalUI: p.child.UI, Gateway: "http://" + local(p.requests.Addr())})
		if err != nil {
			fmt.Fprintf(d.out, "The kelvin commands were not given their context: %v\n", err)
		}
	}
	host, afterwards := "this machine's Docker "+engine, "Containers go on; the next start finds them."
	if driver == "sim" {
		host = "a SIMULATED machine (no Docker engine answers here; containers run inside this process)"
		if d.agent.machine == "sim" {
			host = "a SIMULATED machine (containers run inside this process)"
		}
		afterwards = "Simulated containers end with it."
	}
	gpus := "the GPUs that its driver lists"
	if d.agent.simGPUs != "" {
		gpus = "SIMULATED GPUs (" + d.agent.simGPUs + ")"
	}
	fmt.Fprintf(d.out, `Kelvin is ready after %.1f s.

  Console      %s   sign in with %s
  API docs     %s/docs
  Endpoints    http://<endpoint>.%s.localhost:%s/
  Servers      http://<instance>.%s.localhost:%s/, and %s for each of their ports
  Temporal     %s

  Host: %s, with %s. Data: %s
`, time.Since(p.began).Seconds(), server, p.me.Key, server, devDataCenter, port(p.requests.Addr()), devDataCenter, port(p.requests.Addr()), d.streams(), p.child.UI, host, gpus, d.dataDir)
	if path != "" {
		fmt.Fprintf(d.out, "  Context: %s\n", path)
	}
	fmt.Fprint(d.out, `
Try, in a second terminal:

  bin/kelvin endpoint create hello --quick-deploy echo --active 2 --wait
  curl $(bin/kelvin endpoint show hello -o json | grep -o 'http://[^"]*')
  bin/kelvin endpoint stop hello --wait

Ctrl-C ends Kelvin. `+afterwards+"\n")
}

// streams says where the addresses of servers are.
func (d *dev) streams() string {
	if d.limits.streams == "" || d.limits.streams == "off" {
		return "no TCP address"
	}
	return fmt.Sprintf("a TCP address, localhost:%d to %d,", d.addresses.first, d.addresses.last)
}

func port(a net.Addr) string {
	_, p, _ := net.SplitHostPort(a.String())
	return p
}

// local is an address as a browser on this machine reaches it.
func local(a net.Addr) string {
	host, p, _ := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, p)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// clusterName names the one cluster. It is written into the database, so it
// cannot change without a new file.
const clusterName = "active"

// clusterID must be a valid UUID; since nothing replicates, any will do.
const clusterID = "6b656c76-696e-4000-8000-000000000001"

// Options say what to serve, and where.
type Options struct {
	DataDir   string // empty: a temporary folder, removed by Stop
	GRPC      string // loopback host:port; port 0 is replaced by a free one
	UI        string // likewise; empty: no UI
	Namespace string
	Sync      string // SQLite's "synchronous": normal or off
	Log       *Logger
}

// Server is a Temporal server that listens.
type Server struct {
	GRPC string // host:port, with the real port
	UI   string // likewise; empty without UI

	temporal temporal.Server
	ui       *webUI
	data     *dataDir
	log      *Logger
}

// Start opens the database, starts Temporal and its UI, and returns when both
// answer. It must run at most once in a process: Temporal's pool of database
// connections is global and never closes any.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if o.Sync != "normal" && o.Sync != "off" {
		return nil, fmt.Errorf("--sync must be normal or off, not %q", o.Sync)
	}
	if o.Namespace == "" || o.Namespace == primitives.SystemLocalNamespace {
		return nil, fmt.Errorf("--namespace must not be %q", o.Namespace)
	}
	s := &Server{log: o.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()

	// Both addresses are checked before anything starts: what fails to bind
	// later ends the process without a word of ours.
	if s.GRPC, err = freeAddress("--grpc", o.GRPC); err != nil {
		return nil, err
	}
	if o.UI != "" {
		if s.UI, err = freeAddress("--ui", o.UI); err != nil {
			return nil, err
		}
		if s.UI == s.GRPC {
			return nil, fmt.Errorf("--grpc and --ui are both %s", s.UI)
		}
	}
	if s.data, err = openDataDir(o.DataDir); err != nil {
		return nil, err
	}
	db, err := openDatabase(s.data.database(), o.Sync, o.Namespace)
	if err != nil {
		return nil, err
	}

	conf, hosts, err := serverConfig(s.GRPC, db)
	if err != nil {
		return nil, err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		// Fixed addresses instead of gossip: nothing to join, so it starts at once.
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(o.Log),
		temporal.WithDynamicConfigClient(dynamicConfig()),
		// Whoever reaches the loopback interface is admin.
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("configure Temporal: %w", err)
	}
	s.temporal = server
	// A starting one warns about what we leave out on purpose.
	o.Log.Quiet(slog.LevelError)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	if err := settleNamespace(ctx, s.GRPC, o.Namespace, o.Log.SLog()); err != nil {
		return nil, err
	}
	if s.UI != "" {
		if s.ui, err = startUI(ctx, s.UI, s.GRPC, o.Namespace); err != nil {
			return nil, err
		}
	}
	o.Log.Restore()
	return s, nil
}

// Stop ends everything that was started, newest first, and lets the data go.
func (s *Server) Stop() error {
	// A stopping server complains about each connection it loses to itself.
	s.log.Quiet(levelFatal)
	if s.ui != nil {
		s.ui.stop()
	}
	var err error
	if s.temporal != nil {
		if err = s.temporal.Stop(); err != nil {
			err = fmt.Errorf("stop Temporal: %w", err)
		}
	}
	if s.data != nil {
		err = errors.Join(err, s.data.close())
	}
	return err
}

// serverConfig describes a cluster of four services in one process, one
// history shard and one SQLite file. Only the frontend's address is for others.
func serverConfig(grpc string, db *config.SQL) (*config.Config, map[primitives.ServiceName]static.Hosts, error) {
	const store = "sqlite"
	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     store,
			VisibilityStore:  store,
			NumHistoryShards: 1, // the file remembers it for ever
			DataStores:       map[string]config.DataStore{store: {SQL: db}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {
					Enabled:                true,
					InitialFailoverVersion: 1,
					RPCAddress:             grpc,
					ClusterID:              clusterID,
				},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: grpc},
		Services:            map[string]config.Service{},
	}
	conf.Archival.History.State = "disabled"
	conf.Archival.Visibility.State = "disabled"
	conf.NamespaceDefaults.Archival.History.State = "disabled"
	conf.NamespaceDefaults.Archival.Visibility.State = "disabled"

	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, name := range []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		address := grpc
		if name != primitives.FrontendService {
			var err error
			if address, err = freeAddress(string(name), "127.0.0.1:0"); err != nil {
				return nil, nil, err
			}
		}
		host, port, err := splitAddress(string(name), address)
		if err != nil {
			return nil, nil, err
		}
		conf.Services[string(name)] = config.Service{RPC: config.RPC{BindOnIP: host, GRPCPort: port}}
		hosts[name] = static.SingleLocalHost(address)
	}
	return conf, hosts, nil
}

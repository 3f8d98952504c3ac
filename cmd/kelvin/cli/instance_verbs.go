package cli

import (
	"context"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// A placing has the flags of a command that needs a place.
type placing struct {
	host  string
	queue bool
	skip  bool
}

func (p *placing) flags(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.host, "host", "", "The only `host` that will do, by name or ID; for operators of the fleet. Default: any that fits")
	cmd.Flags().BoolVar(&p.queue, "queue", false, "When there is no place for it, wait in the queue, up to 30 days. Default: give up at once")
	cmd.Flags().BoolVar(&p.skip, "skip-gpu-tests", false, "Do not test the GPUs of a new place before they get the data: up to a minute earlier, perhaps on a GPU that corrupts it. Recorded")
	complete(cmd, "host", completeFlag(a, hosts, nil))
}

func (p *placing) body(ctx context.Context, s *session) (api.InstancePlace, error) {
	body := api.InstancePlace{Wait: p.queue, SkipGPUTests: p.skip}
	if p.host == "" {
		return body, nil
	}
	found, err := hosts.find(ctx, s.client, p.host)
	body.HostID = found.it.ID
	return body, err
}

// query is the same of a plan.
func (p *placing) query(ctx context.Context, s *session) (url.Values, error) {
	at, err := p.body(ctx, s)
	query := url.Values{}
	if at.HostID != "" {
		query.Set("host_id", at.HostID)
	}
	return query, err
}

// dryRun prints the plan of an operation that needs a place.
func (p *placing) dryRun(ctx context.Context, s *session, id, name, operation string) error {
	query, err := p.query(ctx, s)
	if err != nil {
		return err
	}
	return s.dryRun(ctx, id, name, operation, query)
}

func rateFlag(cmd *cobra.Command, r *rate) {
	cmd.Flags().Var(r, "rate-limit", "Copy at most this many bytes a second, such as 50M or 1.5G; 64K at least. Default: as fast as it goes")
}

func (a *app) instanceStart() *cobra.Command {
	var p placing
	var dry bool
	cmd := verbCommand(a, instances, verb{
		name: "start", does: "start", short: "Start a stopped server",
		long: "Starts a stopped server. One that was stopped with --hold none is placed anew: where that is another host, its\n" +
			"disk is copied there.",
		prepare: func(ctx context.Context, s *session, id, name string) (any, error) {
			if dry {
				return nil, p.dryRun(ctx, s, id, name, "start")
			}
			return p.body(ctx, s)
		},
	}, legalOnInstance)
	p.flags(a, cmd)
	dryFlag(cmd, &dry)
	return cmd
}

func (a *app) instanceStop() *cobra.Command {
	var hold string
	var dry bool
	cmd := verbCommand(a, instances, verb{
		name: "stop", does: "stop", short: "Stop a server; it keeps its disk and, unless you say otherwise, its GPUs",
		long: "Stops a server. With --hold reserved it keeps its GPUs and the ports of its host, and is back in seconds. With\n" +
			"--hold none it keeps its disk only: others may have its GPUs, and a start looks for a place anew. Its URL and\n" +
			"addresses stay in either case.",
		prepare: func(ctx context.Context, s *session, id, name string) (any, error) {
			if hold != fleet.HoldReserved && hold != fleet.HoldNone {
				return nil, usage(s.cmd, "--hold %q is not known; allowed: %s, %s", hold, fleet.HoldReserved, fleet.HoldNone)
			}
			switch {
			case dry:
				return nil, s.dryRun(ctx, id, name, fleet.Stop.Name, url.Values{"hold": {hold}})
			case hold == fleet.HoldReserved:
				return nil, nil
			}
			s.sayStop(ctx, id, name)
			return api.InstanceStop{Hold: hold}, nil
		},
	}, legalOnInstance)
	cmd.Flags().StringVar(&hold, "hold", fleet.HoldReserved, "What it keeps besides its disk: reserved (GPUs and ports of its host) or none")
	complete(cmd, "hold", fixed(fleet.HoldReserved, fleet.HoldNone))
	dryFlag(cmd, &dry)
	return cmd
}

func (a *app) instanceFreeze() *cobra.Command {
	var limit rate
	var dry bool
	cmd := verbCommand(a, instances, verb{
		name: "freeze", does: "freeze", short: "Save a server in the archive and give everything else back",
		long: "Saves a server's disk and what changed in its root filesystem in the archive, verifies them, and gives its GPUs,\n" +
			"the ports of its host and the disk there back. Name, URL and addresses stay. What was in memory is lost, as in a stop.",
		prepare: func(ctx context.Context, s *session, id, name string) (any, error) {
			if dry {
				return nil, s.dryRun(ctx, id, name, fleet.Freeze.Name, url.Values{})
			}
			return api.InstanceFreeze{RateLimit: int64(limit)}, nil
		},
	}, legalOnInstance)
	rateFlag(cmd, &limit)
	dryFlag(cmd, &dry)
	return cmd
}

func (a *app) instanceThaw() *cobra.Command {
	var p placing
	var dry bool
	cmd := verbCommand(a, instances, verb{
		name: "thaw", does: "thaw", short: "Bring a frozen server back",
		long: "Restores a frozen server on a host that fits, after testing its GPUs: on the host it lived on, with the same\n" +
			"ports there, if it can. Without a place it stays frozen, or with --queue waits for one.",
		prepare: func(ctx context.Context, s *session, id, name string) (any, error) {
			if dry {
				return nil, p.dryRun(ctx, s, id, name, "thaw")
			}
			return p.body(ctx, s)
		},
	}, legalOnInstance)
	p.flags(a, cmd)
	dryFlag(cmd, &dry)
	return cmd
}

func (a *app) instanceMigrate() *cobra.Command {
	var p placing
	var limit rate
	var dry bool
	cmd := verbCommand(a, instances, verb{
		name: "migrate", does: "migrate", short: "Move a server to another host while it runs",
		example: "  kelvin instance migrate notebook --dry-run\n  kelvin instance migrate notebook --wait",
		long: "Copies a server to another host while it runs, stops it for what changed last, and starts it there. Until then\n" +
			"a cancel leaves it as and where it is. Its URL and addresses stay; connections break once, requests wait.",
		prepare: func(ctx context.Context, s *session, id, name string) (any, error) {
			if dry {
				return nil, p.dryRun(ctx, s, id, name, fleet.Migrate.Name)
			}
			at, err := p.body(ctx, s)
			return api.InstanceMigrate{InstancePlace: at, InstanceFreeze: api.InstanceFreeze{RateLimit: int64(limit)}}, err
		},
	}, legalOnInstance)
	p.flags(a, cmd)
	rateFlag(cmd, &limit)
	dryFlag(cmd, &dry)
	return cmd
}

func (a *app) instanceRecover() *cobra.Command {
	var p placing
	var from string
	cmd := verbCommand(a, instances, verb{
		name: "recover", does: "recover", short: "Bring back a server that is lost or failed",
		long: "Where the server's host answers, starts it there with the data it has. Otherwise restores its newest snapshot on\n" +
			"another host; an event says how old that is. What the old host has is kept: see `kelvin instance kept`.",
		prepare: func(ctx context.Context, s *session, _, _ string) (any, error) {
			at, err := p.body(ctx, s)
			return api.InstanceRecover{InstancePlace: at, SnapshotID: from}, err
		},
	}, legalOnInstance)
	p.flags(a, cmd)
	cmd.Flags().StringVar(&from, "from", "", "`Snapshot` to bring it back from, by ID. Default: see above")
	return cmd
}

func (a *app) instanceReset() *cobra.Command {
	var from string
	keep := lasting{}
	cmd := verbCommand(a, instances, verb{
		name: "reset", does: "reset", short: "Erase a server's data and install its image anew",
		long: "Erases all data of a server and installs its image and its templates anew, or restores a snapshot. Its ID, name,\n" +
			"URL and addresses stay. With --keep what was there is saved first, and `kelvin instance undo` brings it back.",
		example: "  kelvin instance reset notebook --keep 7d --wait\n  kelvin instance undo notebook --wait",
		erases:  "all its data is erased",
		kept:    func(any) time.Duration { return keep.d },
		prepare: func(_ context.Context, _ *session, _, name string) (any, error) {
			return api.InstanceReset{Confirm: api.Confirm{Confirm: name}, Keep: keep.duration(), SnapshotID: from}, nil
		},
	}, legalOnInstance)
	cmd.Flags().Var(&keep, "keep", "Save what was there first, and keep it this long, such as 12h or 7d; at most 90d. Default: it is not kept")
	cmd.Flags().StringVar(&from, "from", "", "`Snapshot` to restore, by ID. Default: the image is installed anew")
	return cmd
}

func (a *app) instanceRm() *cobra.Command {
	keep := lasting{}
	cmd := verbCommand(a, instances, verb{
		name: "rm", aliases: []string{"terminate"}, does: "terminate", short: "Terminate an instance and erase its data",
		long: "Terminates an instance and erases its data, for good unless --keep says otherwise. Of one that is frozen or lost the\n" +
			"newest snapshot is kept for 7 days; --keep 0s erases that at once. `kelvin snapshot restore` makes a server from what was\n" +
			"kept. A protected server refuses it until `kelvin instance unprotect` takes the protection off.",
		erases: "its data is erased",
		kept: func(it any) time.Duration {
			if i, ok := it.(api.Instance); ok && !keep.set {
				return time.Duration(fleet.DefaultKeepOf(fleet.Life{State: i.State}))
			}
			return keep.d
		},
		prepare: func(_ context.Context, _ *session, _, name string) (any, error) {
			body := api.InstanceTerminate{Confirm: api.Confirm{Confirm: name}}
			if keep.set {
				d := keep.duration()
				body.Keep = &d
			}
			return body, nil
		},
	}, legalOnInstance)
	cmd.Flags().Var(&keep, "keep", "Keep its data this long, such as 12h or 7d, as a snapshot; at most 90d. Default: 7d for one that is frozen or lost, 0s for others")
	return cmd
}

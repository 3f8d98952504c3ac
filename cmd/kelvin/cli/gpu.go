package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var gpus = &noun[api.GPU]{
	one: "gpu", path: "/v1/gpus", prefix: fleet.GPUPrefix,
	names: func(g api.GPU) (id, name string) { return g.ID, "" },
	columns: []column[api.GPU]{
		{"GPU", func(g api.GPU, _ time.Time) string { return g.ID }},
		{"STATE", func(g api.GPU, _ time.Time) string { return string(g.State) }},
		{"SCORE", func(g api.GPU, _ time.Time) string { return fmt.Sprint(g.Score) }},
		{"TYPE", func(g api.GPU, _ time.Time) string { return g.Type }},
		{"MEMORY", func(g api.GPU, _ time.Time) string { return bytesOf(g.MemoryMB << 20) }},
		{"HOST", func(g api.GPU, _ time.Time) string { return g.HostID }},
		{"INDEX", func(g api.GPU, _ time.Time) string { return fmt.Sprint(g.Index) }},
		{"INSTANCE", func(g api.GPU, _ time.Time) string { return g.InstanceID }},
		{"NOTE", func(g api.GPU, _ time.Time) string {
			note := g.Reason
			if g.Simulated {
				note = strings.TrimSpace("simulated " + note)
			}
			return note
		}},
	},
}

func (a *app) gpuCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "gpu", Aliases: []string{"gpus"}, Short: "Look at GPUs, and test, scrub, reset and quarantine them",
		Long: "Works on the GPUs of hosts, which only accounts that operate the fleet see. A GPU is given by its ID, its UUID or the beginning of that.\n" +
			"With --local some commands work on those of the machine they are called on, without a server.",
	}
	cmd.AddCommand(
		a.gpuLs(), a.gpuShowLocal(), a.gpuHistory(), a.gpuReport(), a.gpuVerify(), a.gpuTestLocal(), a.gpuScrubLocal(), a.gpuReset(), a.gpuCancel(),
		a.gpuQuarantine(), a.gpuRelease(),
	)
	return cmd
}

func (a *app) gpuLs() *cobra.Command {
	var host, state, kind string
	ls := lsCommand(a, gpus, "List GPUs", 0, func(ctx context.Context, s *session, query url.Values) error {
		if state != "" {
			query.Set("state", state)
		}
		if kind != "" {
			query.Set("type", kind)
		}
		if host == "" {
			return nil
		}
		of, err := hosts.find(ctx, s.client, host)
		query.Set("host", of.it.ID)
		return err
	})
	ls.Flags().StringVar(&host, "host", "", "Only those of this host, by `name` or ID")
	ls.Flags().StringVar(&state, "state", "", "Only those in this `state`: "+words(fleet.GPUStates))
	ls.Flags().StringVar(&kind, "type", "", "Only those of this `type`, such as a100-80gb")
	complete(ls, "host", completeFlag(a, hosts, nil))
	complete(ls, "state", fixed(fleet.GPUStates...))
	complete(ls, "type", a.completeGPUTypes)
	return ls
}

// findGPU returns the GPU that arg names: its ID, its UUID, or the beginning of that, if no other
// one begins so. Of a GPU that was on several hosts, it is where it is now.
func (s *session) findGPU(ctx context.Context, arg string) (record[api.GPUDetail], error) {
	id := arg
	if !looksLikeID(fleet.GPUPrefix, arg) {
		all, err := gpus.list(ctx, s.client, url.Values{}, 0)
		if err != nil {
			return record[api.GPUDetail]{}, err
		}
		found, err := namedGPU(all, arg)
		if err != nil {
			return record[api.GPUDetail]{}, err
		}
		id = found
	}
	var found record[api.GPUDetail]
	return found, s.get(ctx, gpus.path+"/"+url.PathEscape(id), nil, &found)
}

const leastUUID = 8 // characters of a UUID that are enough to name a GPU

func namedGPU(all []record[api.GPU], arg string) (id string, err error) {
	fits := func(g api.GPU) bool {
		return strings.EqualFold(g.UUID, arg) || len(arg) >= leastUUID && len(g.UUID) > len(arg) && strings.EqualFold(g.UUID[:len(arg)], arg)
	}
	byUUID := map[string]api.GPU{}
	for _, r := range all {
		g := r.it
		if !fits(g) {
			continue
		}
		if old, ok := byUUID[g.UUID]; !ok || old.State == fleet.GPULost {
			byUUID[g.UUID] = g
		}
	}
	switch len(byUUID) {
	case 0:
		return "", &failure{
			exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "there is no GPU %q", arg), next: []string{"`kelvin gpu ls` shows those there are."},
		}
	case 1:
		for _, g := range byUUID {
			return g.ID, nil
		}
	}
	return "", &failure{
		exit: exitConflict, err: fleet.Errorf(fleet.Conflict, "the UUIDs of %d GPUs begin with %q", len(byUUID), arg), next: []string{"Give more of it, or an ID."},
	}
}

package cli

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// instanceFlags are the flags that describe a server.
type instanceFlags struct {
	workload
	ports               []int
	diskPath            string
	readOnly, protected bool
	stopTimeout         time.Duration
	recover             string
	snapshotEvery       lasting
	market              string

	templates, templateParams []string
}

func (i *instanceFlags) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&i.gpus, "gpus", 1, "GPUs, all on one host, 0 to 8")
	f.IntSliceVar(&i.ports, "port", nil, "`Port` of the container to publish, 1 to 65535; repeatable, 16 at most. Default: none")
	f.StringVar(&i.diskPath, "disk-path", "", "Where its own disk is mounted, which outlives restarts: an absolute `path`. Default: none")
	f.BoolVar(&i.readOnly, "read-only", false, "Mount the root filesystem read-only, with a writable /tmp")
	f.BoolVar(&i.protected, "protected", false, "Refuse to terminate it")
	f.DurationVar(&i.stopTimeout, "stop-timeout", 0, "Between the signal to end and the kill, 0s to 10m. Default "+short(time.Duration(fleet.DefaultStopTimeout)))
	f.StringVar(&i.probePath, "probe-path", "", "`Path` on the first port whose answer below 500 says that it is ready. Default: it is not asked")
	f.StringVar(&i.recover, "recover", "", "When its host is lost: auto recovers it elsewhere from its newest snapshot, wait leaves it to you. Default "+fleet.RecoverAuto)
	f.Var(&i.snapshotEvery, "snapshot-every", "Take a snapshot of it this often while it runs, such as 1h; at least 5m. Default: never")
	f.StringVar(&i.market, "market", "", "Hosts that it is placed on: on-demand, or spot, cheaper ones that their provider may take away. Default "+string(fleet.OnDemand))
	complete(cmd, "market", fixed(string(fleet.OnDemand), string(fleet.Spot)))
	complete(cmd, "recover", fixed(fleet.RecoverAuto, fleet.RecoverWait))
	f.StringArrayVar(&i.templates, "template", nil, "`Name` of a template to install; kelvin template ls shows them; repeatable, 8 at most")
	f.StringArrayVar(&i.templateParams, "template-param", nil, "Parameter of a template as `TEMPLATE.NAME=VALUE`, or TEMPLATE.NAME=@FILE for what a file holds; repeatable")
	complete(cmd, "template", completeFlag(a, templates, nil))
	i.workload.flags(a, cmd)
	i.placeFlag(a, cmd)
}

func (i *instanceFlags) spec(a *app, cmd *cobra.Command) (fleet.InstanceSpec, error) {
	spec := fleet.InstanceSpec{
		DataCenter: i.dataCenter, Image: i.image, Command: i.command, Shell: i.shell, GPUType: i.gpuType, GPUs: i.gpus, Ports: i.ports,
		Volume: i.volume, MountPath: i.mountPath, DiskPath: i.diskPath, CPUs: i.cpus, MemoryMB: i.memoryMB, ReadOnly: i.readOnly,
		ProbePath: i.probePath, StartTimeout: fleet.Duration(i.start), DrainTimeout: fleet.Duration(i.drain), StopTimeout: fleet.Duration(i.stopTimeout), Protected: i.protected,
		Recover: i.recover, SnapshotEvery: i.snapshotEvery.duration(), Market: fleet.Market(i.market),
	}
	env, err := i.environment(a, cmd, nil)
	if err != nil {
		return spec, err
	}
	if env != nil {
		spec.Env = *env
	}
	if spec.Templates, err = a.attachments(cmd, i.templates, i.templateParams); err != nil {
		return spec, err
	}
	labels, err := i.tags(cmd, nil)
	if err != nil {
		return spec, err
	}
	if labels != nil {
		spec.Labels = *labels
	}
	return spec, nil
}

func (a *app) instanceCreate() *cobra.Command {
	var i instanceFlags
	var ch change
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a server",
		Long: "Creates a server and starts it. NAME is yours to choose: 1 to 128 characters, unique among your servers.\n" +
			"Each --port gets a TCP address that stays, wherever the server lives; requests to its URL go to the first.",
		Example: "  kelvin instance create notebook --image jupyter/base-notebook --port 8888 --disk-path /workspace --wait\n" +
			"  kelvin instance create box --image debian:12 --command 'exec sleep infinity' --template ssh --template-param ssh.keys=@~/.ssh/id_ed25519.pub",
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			if i.image == "" {
				return usage(s.cmd, "what should it run? Give --image")
			}
			spec, err := i.spec(a, s.cmd)
			if err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: instances.path, body: api.InstanceCreate{Name: args[0], InstanceSpec: spec}}
			return ch.do(ctx, s, in, args[0], func(op api.Operation, f *facts) { s.introduceServer(ctx, op, f) })
		}),
	}
	i.flags(a, cmd)
	ch.flags(cmd)
	return cmd
}

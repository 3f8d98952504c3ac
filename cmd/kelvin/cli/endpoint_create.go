package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// endpointFlags are the flags that describe an endpoint, new or changed.
type endpointFlags struct {
	workload
	markets                        marketFlags
	active, max, port, concurrency int
	scaling                        scalingFlags
	requests                       requestFlags
}

func (e *endpointFlags) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&e.active, "active", 0, "Workers that are always there, 0 to 1000; 0 scales to nothing. Default 1")
	f.IntVar(&e.max, "max", 0, "Workers at the most, 1 to 1000. Default: as --active, at least 1")
	f.IntVar(&e.gpus, "gpus", 0, "GPUs of each worker, all on one host, 1 to 8. Default 1")
	f.IntVar(&e.port, "port", 0, "The one HTTP port of a worker, 1 to 65535. Default 8080")
	f.IntVar(&e.concurrency, "target-concurrency", 0, "Requests in flight that one worker is meant to serve, 1 to 10000. Default 100")
	f.StringVar(&e.probePath, "probe-path", "", "`Path` whose answer below 500 says that a worker is ready. Default /")
	e.markets.flags(cmd)
	e.workload.flags(a, cmd)
	e.scaling.flags(cmd)
	e.requests.flags(cmd)
}

// fields are those that were given. base is what --env, --label and the options of scaling
// add to.
func (e *endpointFlags) fields(a *app, cmd *cobra.Command, base fleet.EndpointSpec) (api.EndpointFields, error) {
	env, err := e.environment(a, cmd, base.Env)
	if err != nil {
		return api.EndpointFields{}, err
	}
	labels, err := e.tags(cmd, base.Labels)
	if err != nil {
		return api.EndpointFields{}, err
	}
	drain, start := fleet.Duration(e.drain), fleet.Duration(e.start)
	return api.EndpointFields{
		DataCenter:        given(cmd, "data-center", &e.dataCenter),
		ActiveWorkers:     given(cmd, "active", &e.active),
		MaxWorkers:        given(cmd, "max", &e.max),
		GPUsPerWorker:     given(cmd, "gpus", &e.gpus),
		GPUType:           given(cmd, "gpu-type", &e.gpuType),
		Image:             given(cmd, "image", &e.image),
		Command:           given(cmd, "command", &e.command),
		Shell:             given(cmd, "shell", &e.shell),
		Port:              given(cmd, "port", &e.port),
		Env:               env,
		Volume:            given(cmd, "volume", &e.volume),
		MountPath:         given(cmd, "mount-path", &e.mountPath),
		TargetConcurrency: given(cmd, "target-concurrency", &e.concurrency),
		ProbePath:         given(cmd, "probe-path", &e.probePath),
		StartTimeout:      given(cmd, "start-timeout", &start),
		DrainTimeout:      given(cmd, "drain-timeout", &drain),
		CPUs:              given(cmd, "cpus", &e.cpus),
		MemoryMB:          given(cmd, "memory-mb", &e.memoryMB),
		Labels:            labels,
		Scaling:           e.scaling.spec(cmd, base.Scaling),
		Requests:          e.requests.spec(cmd, base.Requests),
		Spot:              e.markets.spec(cmd, base.Spot),
	}, nil
}

func (a *app) endpointCreate() *cobra.Command {
	var e endpointFlags
	var ch change
	var quick string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create an endpoint",
		Long: "Creates an endpoint and starts its active workers. NAME is yours to choose: 1 to 128 characters, unique among your endpoints.",
		Example: `  kelvin endpoint create hello --quick-deploy echo --active 2 --wait
  kelvin endpoint create llama --image registry.example.com/llama:3 --gpus 2 --gpu-type a100-80gb \
      --active 0 --max 5 --env-file secrets.env --wait --timeout 20m`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			if e.image == "" && quick == "" {
				return usage(s.cmd, "what should it run? Give --image, or --quick-deploy (`kelvin quick-deploy ls` shows them)")
			}
			var base fleet.EndpointSpec
			if quick != "" && anyGiven(s.cmd, append(scalingOptions, "env", "env-file", "label", "concurrency-limit", "queue-max", "queue-timeout", "request-timeout", "idle-timeout", "max-body", "keys")...) {
				// What a request says of variables, scaling or requests stands for all that a quick deploy does; a flag means one of them.
				from, err := quickDeploys.find(ctx, s.client, quick)
				if err != nil {
					return err
				}
				base = from.it.Spec
			}
			fields, err := e.fields(a, s.cmd, base)
			if err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: endpoints.path, body: api.EndpointCreate{Name: args[0], QuickDeploy: quick, EndpointFields: fields}}
			return ch.do(ctx, s, in, args[0], func(op api.Operation, f *facts) { s.introduce(ctx, op, f) })
		}),
	}
	cmd.Flags().StringVar(&quick, "quick-deploy", "", "Quick deploy that fills in what other flags leave out, by `name`; kelvin quick-deploy ls shows them")
	complete(cmd, "quick-deploy", completeFlag(a, quickDeploys, nil))
	e.flags(a, cmd)
	e.placeFlag(a, cmd)
	ch.flags(cmd)
	return cmd
}

// introduce adds a new endpoint's ID and URL, and what to do with it.
func (s *session) introduce(ctx context.Context, op api.Operation, f *facts) {
	f.add("ID:", op.ResourceID)
	var made api.Endpoint
	if err := s.get(ctx, endpoints.path+"/"+url.PathEscape(op.ResourceID), nil, &made); err != nil || made.URL == "" {
		return // it exists all the same; show has its URL
	}
	f.add("URL:", made.URL)
	if op.Ended() {
		f.add("Workers:", made.Status)
		f.add("Try it:", "curl "+made.URL)
	}
}

var errNoChange = errors.New("nothing to change: give at least one flag that says what")

func (a *app) endpointUpdate() *cobra.Command {
	var e endpointFlags
	var ch change
	var name string
	cmd := &cobra.Command{
		Use: "update ENDPOINT", Short: "Change an endpoint",
		Long: "Changes what the flags name, and nothing else. New settings reach the workers one by one, without losing requests.\n" +
			"--env and --label add to those that there are, and replace those of the same name. So do the options of scaling, from --scaling-policy to --cancel-after.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, endpoints, accepts(legalOnEndpoint, "update")),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			fields, err := e.fields(a, s.cmd, found.it.Spec)
			if err != nil {
				return err
			}
			patch := api.EndpointPatch{Name: given(s.cmd, "name", &name), EndpointFields: fields}
			if patch == (api.EndpointPatch{}) {
				return misused(s.cmd, errNoChange)
			}
			in := call{method: http.MethodPatch, path: endpoints.path + "/" + url.PathEscape(found.it.ID), body: patch}
			return ch.do(ctx, s, in, found.it.Name, nil)
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "New `name`, 1 to 128 characters. Default: as it is")
	e.flags(a, cmd)
	e.unsetFlags(cmd)
	withoutDefaults(cmd)
	ch.flags(cmd)
	return cmd
}

package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func (a *app) deployCommand() *cobra.Command {
	var (
		e      endpointFlags
		ch     change
		name   string
		params []string
		yes    bool
		dry    bool
	)
	cmd := &cobra.Command{
		Use: "deploy QUICK-DEPLOY", Short: "Make an endpoint from the catalogue, and see its price before",
		Long: "Makes an endpoint of a quick deploy (`kelvin quick-deploy ls`). It says first which GPUs the model fits on and what the endpoint costs an hour, " +
			"and asks. Without --gpu-type the cheapest type is taken that the model fits on; a type with too little memory is refused.",
		Example: `  kelvin deploy vllm --param model=meta-llama/Llama-3.1-8B-Instruct --param context_length=16384
  kelvin deploy vllm --param model=Qwen/Qwen2.5-32B-Instruct --param quantization=awq --gpu-type a100-80gb --dry-run
  kelvin deploy echo --name hello --active 2 --yes --wait`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, quickDeploys, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			chosen, err := parameters(s.cmd, params)
			if err != nil {
				return err
			}
			quick, err := quickDeploys.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			fields, err := e.fields(a, s.cmd, quick.it.Spec)
			if err != nil {
				return err
			}
			var plan record[api.EndpointPlan]
			ask := api.EndpointPlanAsk{QuickDeploy: quick.it.Name, Params: chosen, EndpointFields: fields}
			if err := s.do(ctx, call{method: http.MethodPost, path: "/v1/endpoint-plans", body: ask, key: newKey()}, &plan); err != nil {
				return err
			}
			name = firstOf(name, quick.it.Name)
			show := func(p api.EndpointPlan, _ time.Time) facts { return showEndpointPlan(p, name, quick.it.Title) }
			if dry {
				return printOne(s, plan.it, plan.raw, func(api.EndpointPlan) (string, string) { return "", name }, show)
			}
			if !yes {
				if err := show(plan.it, s.now()).write(s.err); err != nil {
					return err
				}
				if err := s.confirm(false, fmt.Sprintf("This will make endpoint %s%s.", name, costs(plan.it.Price)), name); err != nil {
					return err
				}
			}
			in := call{method: http.MethodPost, path: endpoints.path, body: api.EndpointCreate{Name: name, QuickDeploy: quick.it.Name, Params: chosen, EndpointFields: fields}}
			return ch.do(ctx, s, in, name, func(op api.Operation, f *facts) { s.introduce(ctx, op, f) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "`Name` of the endpoint, 1 to 128 characters, unique among yours. Default: that of the quick deploy")
	f.StringArrayVar(&params, "param", nil, "A parameter of the quick deploy, as `name=value`; kelvin quick-deploy show says which there are")
	f.BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	f.BoolVar(&dry, "dry-run", false, "Show what it would be and cost, and make nothing")
	e.flags(a, cmd)
	e.placeFlag(a, cmd)
	ch.flags(cmd)
	return cmd
}

// parameters reads name=value, as often as it is given.
func parameters(cmd *cobra.Command, given []string) (map[string]string, error) {
	params := map[string]string{}
	for _, one := range given {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, usage(cmd, "--param %q has the wrong form; allowed: name=value", one)
		}
		params[name] = value
	}
	return params, nil
}

func showEndpointPlan(p api.EndpointPlan, name, title string) facts {
	var f facts
	f.add("Endpoint", fmt.Sprintf("%s (%s)", name, title))
	f.add("Image", p.Spec.Image)
	f.add("Workers", fmt.Sprintf("%d to %d, %s each", p.Spec.ActiveWorkers, p.Spec.MaxWorkers, gpusOf(p.Spec.GPUsPerWorker, p.Spec.GPUType)))
	if m := p.Memory; m != nil {
		guess := ""
		if m.Guessed {
			guess = ", going by the model's name"
		}
		f.add("GPU memory", fmt.Sprintf("%s: %s weights, %s cache, %s besides%s", megabytes(m.Total), megabytes(m.Weights), megabytes(m.Cache), megabytes(m.Overhead), guess))
	}
	for _, t := range p.Types {
		fits := "fits"
		if !t.Fits {
			fits = "too small"
		}
		price := "no price"
		if t.PerHour != nil {
			price = t.PerHour.String() + " " + p.Price.Currency + "/h"
		}
		f.add("GPU "+t.Type, fmt.Sprintf("%s, %s, %d free, %s, %s", t.Market, megabytes(t.MemoryMB), t.Free, price, fits))
	}
	if p.Price.Worker != nil {
		f.add("Price", fmt.Sprintf("%s %s an hour for each worker; %s to %s in all%s", p.Price.Worker, p.Price.Currency, p.Price.Active, p.Price.Max, example(p.Price.Example)))
	}
	for _, w := range p.Warnings {
		f.add("Mind", w)
	}
	return f
}

func example(is bool) string {
	if is {
		return " (example prices)"
	}
	return ""
}

// costs is what an endpoint costs, in words.
func costs(p api.PlanPrice) string {
	if p.Active == nil {
		return ", at a price that nobody has set"
	}
	return fmt.Sprintf(", at %s to %s %s an hour%s", p.Active, p.Max, p.Currency, example(p.Example))
}

func megabytes(mb int64) string { return bytesOf(mb << 20) }

func (a *app) priceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "price", Aliases: []string{"prices"}, Short: "See what GPUs cost"}
	cmd.AddCommand(&cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List prices", Long: "Prices are per GPU and hour. A price for a data center comes before the one for everywhere.", Args: cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, s *session, _ []string) error {
			var list record[fleet.PriceList]
			if err := s.get(ctx, "/v1/prices", nil, &list); err != nil {
				return err
			}
			if s.output != formatTable {
				return writeValue(s.out, s.output, list.raw)
			}
			if len(list.it.Prices) == 0 {
				s.say("Nobody has set prices.")
				return nil
			}
			t := table{titles: []string{"GPU TYPE", "MARKET", "DATA CENTER", strings.ToUpper(list.it.Currency) + "/H" + strings.ToUpper(example(list.it.Example))}}
			for _, p := range list.it.Prices {
				t.lines = append(t.lines, []string{p.GPUType, string(p.Market), firstOf(p.DataCenter, "all"), p.PerHour.String()})
			}
			return t.write(s.out, !s.noHeaders)
		}),
	})
	return cmd
}

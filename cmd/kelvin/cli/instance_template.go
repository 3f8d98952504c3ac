package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func (a *app) instanceTemplate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "template", Aliases: []string{"templates"}, Short: "Attach templates to a server, and detach them",
		Long: "Templates that a server has are installed when it is made, reset or recovered. One that is attached later is\n" +
			"installed when the server is started next, for example by `kelvin instance restart`.",
	}
	cmd.AddCommand(a.attachmentLs(), a.attach(), a.detach())
	return cmd
}

var attachments = &noun[fleet.Attachment]{
	one:   "attachment",
	names: func(t fleet.Attachment) (id, name string) { return t.Name, t.Name },
	columns: []column[fleet.Attachment]{
		{"TEMPLATE", func(t fleet.Attachment, _ time.Time) string { return t.Name }},
		{"PARAMETERS", func(t fleet.Attachment, _ time.Time) string {
			return strings.Join(slices.Sorted(maps.Keys(t.Parameters)), ", ")
		}},
		{"ATTACHED", func(t fleet.Attachment, now time.Time) string { return ago(t.AttachedAt, now) }},
		{"VERSION", func(t fleet.Attachment, _ time.Time) string { return t.Version }},
	},
}

func (a *app) attachmentLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls INSTANCE", Aliases: []string{"list"}, Short: "List the templates that a server has", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, instances, isServer),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			var all []record[fleet.Attachment]
			for _, t := range found.it.Spec.Templates {
				text, err := encode(t)
				if err != nil {
					return err
				}
				all = append(all, record[fleet.Attachment]{it: t, raw: text})
			}
			return attachments.print(s, all)
		}),
	}
}

func isServer(i api.Instance) bool { return i.EndpointID == "" }

func (a *app) attach() *cobra.Command {
	var pairs []string
	cmd := a.changeTemplate(http.MethodPost, func(cmd *cobra.Command) (any, error) {
		values, err := a.parameters(cmd, "param", pairs)
		return api.Attach{Parameters: values}, err
	})
	cmd.Use, cmd.Short = "attach INSTANCE TEMPLATE", "Give a server a template, or other parameters to one it has"
	cmd.Long = "Gives a server a template, as it is now. It is installed when the server is started next; ports that it adds\n" +
		"are published from the server's next place on: after a thaw or a migration."
	cmd.Example = "  kelvin instance template attach notebook ssh --param keys=@~/.ssh/id_ed25519.pub\n  kelvin instance restart notebook --wait"
	cmd.Flags().StringArrayVar(&pairs, "param", nil, "Parameter as `NAME=VALUE`, or NAME=@FILE for what a file holds; repeatable")
	return cmd
}

func (a *app) detach() *cobra.Command {
	cmd := a.changeTemplate(http.MethodDelete, func(*cobra.Command) (any, error) { return nil, nil })
	cmd.Use, cmd.Short = "detach INSTANCE TEMPLATE", "Take a template off a server"
	cmd.Long = "Takes a template off a server: its services are not started again, and a reset does not install it. Nothing is\nuninstalled, and what runs goes on until the server stops."
	return cmd
}

// changeTemplate makes a command that attaches or detaches.
func (a *app) changeTemplate(method string, body func(*cobra.Command) (any, error)) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, so string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return completeFlag(a, templates, nil)(cmd, args, so)
			}
			return completeNouns(a, instances, isServer)(cmd, args, so)
		},
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			in := call{method: method, key: firstOf(key, newKey())}
			var err error
			if in.body, err = body(s.cmd); err != nil {
				return err
			}
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			in.path = instances.path + "/" + url.PathEscape(found.it.ID) + "/templates/" + url.PathEscape(args[1])
			var now record[api.Instance]
			if err := s.do(ctx, in, &now); err != nil {
				return err
			}
			if s.output != formatTable {
				return instances.printOne(s, now)
			}
			return s.tellTemplates(found.it, now.it)
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

// tellTemplates says what a change of a server's templates means for it.
func (s *session) tellTemplates(before, now api.Instance) error {
	var names []string
	for _, t := range now.Spec.Templates {
		names = append(names, t.Name)
	}
	var f facts
	f.add(fmt.Sprintf("instance %s:", clean(now.Name)), clean(firstOf(strings.Join(names, ", "), "no templates")))
	if len(now.Spec.Templates) > 0 && now.State == fleet.Running {
		f.add("  Install it:", "kelvin instance restart "+clean(now.Name))
	}
	if len(now.Spec.Ports) > len(before.Spec.Ports) {
		f.add("  Ports:", fmt.Sprintf("%v, published from its next place on", now.Spec.Ports[len(before.Spec.Ports):]))
	}
	return f.write(s.out)
}

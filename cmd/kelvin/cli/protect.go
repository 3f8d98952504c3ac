package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
)

func (a *app) instanceProtect() *cobra.Command {
	cmd := a.protection(true)
	cmd.Use, cmd.Short = "protect INSTANCE", "Refuse to terminate a server"
	cmd.Long = "A protected server cannot be terminated or reset until `kelvin instance unprotect` takes the protection off."
	return cmd
}

func (a *app) instanceUnprotect() *cobra.Command {
	cmd := a.protection(false)
	cmd.Use, cmd.Short = "unprotect INSTANCE", "Take the protection off a server"
	return cmd
}

func (a *app) protection(protected bool) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, instances, func(i api.Instance) bool {
			return i.EndpointID == "" && i.Spec.Protected != protected
		}),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			in := call{
				method: http.MethodPatch, path: instances.path + "/" + url.PathEscape(found.it.ID),
				body: api.InstancePatch{Protected: protected}, key: firstOf(key, newKey()),
			}
			var now record[api.Instance] // not found: what JSON leaves out would stay as it was
			if err := s.do(ctx, in, &now); err != nil {
				return err
			}
			if s.output != formatTable {
				return instances.printOne(s, now)
			}
			is := "not protected"
			if now.it.Spec.Protected {
				is = "protected"
			}
			_, err = fmt.Fprintf(s.out, "instance %s: %s\n", clean(now.it.Name), is)
			return err
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

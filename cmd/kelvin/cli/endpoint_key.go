package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// keysOf are the keys of an endpoint.
func keysOf(endpointID string) *noun[api.EndpointKey] {
	return &noun[api.EndpointKey]{
		one: "key", path: endpoints.path + "/" + url.PathEscape(endpointID) + "/keys", onePage: true,
		names: func(k api.EndpointKey) (id, name string) { return k.ID, k.Name },
		columns: []column[api.EndpointKey]{
			{"NAME", func(k api.EndpointKey, _ time.Time) string { return k.Name }},
			{"ID", func(k api.EndpointKey, _ time.Time) string { return k.ID }},
			{"MADE BY", func(k api.EndpointKey, _ time.Time) string { return k.Actor }},
			{"AGE", func(k api.EndpointKey, now time.Time) string { return ago(k.CreatedAt, now) }},
		},
	}
}

func (a *app) endpointKey() *cobra.Command {
	cmd := &cobra.Command{
		Use: "key", Aliases: []string{"keys"}, Short: "Make the keys that open an endpoint, and take them back",
		Long: "While an endpoint has --keys, its gateways let in requests that bear one of its keys, and no others:\n" +
			"as Authorization: Bearer kep_…, or X-API-Key: kep_…. They do not pass the key on to the workers.",
	}
	cmd.AddCommand(a.endpointKeyCreate(), a.endpointKeyLs(), a.endpointKeyRm())
	return cmd
}

func (a *app) endpointKeyCreate() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "create ENDPOINT NAME", Short: "Make a key, and print it this once",
		Long: "Makes a key of an endpoint and prints it: it cannot be shown again. NAME is yours to choose: 1 to 128 characters,\n" +
			"unique among the endpoint's keys, of which there may be 100.",
		Example: "  kelvin endpoint key create llama web-shop\n  kelvin endpoint update llama --keys --wait",
		Args:    cobra.ExactArgs(2), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			var made record[api.EndpointKeyCreated]
			in := call{method: http.MethodPost, path: keysOf(found.it.ID).path, body: api.EndpointKeyCreate{Name: args[1]}, key: firstOf(key, newKey())}
			if err := s.do(ctx, in, &made); err != nil {
				return err
			}
			if !found.it.Spec.Requests.Keys {
				s.say(fmt.Sprintf("The endpoint takes requests without a key, too: kelvin endpoint update %s --keys", found.it.Name))
			}
			return newEndpointKeys(found.it.URL).printOne(s, made)
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

// newEndpointKeys shows a key that was just made.
func newEndpointKeys(address string) *noun[api.EndpointKeyCreated] {
	return &noun[api.EndpointKeyCreated]{
		one:   "key",
		names: func(k api.EndpointKeyCreated) (id, name string) { return k.ID, k.Name },
		show: func(k api.EndpointKeyCreated, _ time.Time) facts {
			var f facts
			f.add("Key", k.Name)
			f.add("ID", k.ID)
			f.add("Secret", k.Secret)
			f.add("Try it", "curl -H 'Authorization: Bearer "+k.Secret+"' "+address)
			return f
		},
	}
}

func (a *app) endpointKeyLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls ENDPOINT", Aliases: []string{"list"}, Short: "List an endpoint's keys, without their secrets", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			keys := keysOf(found.it.ID)
			all, err := keys.list(ctx, s.client, url.Values{}, 0)
			if err != nil {
				return err
			}
			return keys.print(s, all)
		}),
	}
}

func (a *app) endpointKeyRm() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "rm ENDPOINT KEY", Aliases: []string{"delete"}, Short: "Take a key back: gateways refuse it within a second",
		Long: "Takes a key of an endpoint back, by its name or ID. Requests that it let in go on.",
		Args: cobra.ExactArgs(2), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			keys := keysOf(found.it.ID)
			all, err := keys.list(ctx, s.client, url.Values{}, 0)
			if err != nil {
				return err
			}
			for _, k := range all {
				if k.it.ID != args[1] && k.it.Name != args[1] {
					continue
				}
				in := call{method: http.MethodDelete, path: keys.path + "/" + url.PathEscape(k.it.ID), key: firstOf(key, newKey())}
				if err := s.do(ctx, in, nil); err != nil {
					return err
				}
				_, err := fmt.Fprintf(s.out, "key %s of %s: deleted\n", clean(k.it.Name), clean(found.it.Name))
				return err
			}
			return &failure{exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "endpoint %s has no key %q", found.it.Name, args[1])}
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

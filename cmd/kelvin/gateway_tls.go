package main

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/gateway"
)

// gatewayTLS is how a gateway speaks TLS, if it does.
type gatewayTLS struct {
	listen     string
	options    gateway.TLS
	dnsCommand string
}

func (t *gatewayTLS) flags(cmd *cobra.Command) {
	o := &t.options
	cmd.Flags().StringVar(&t.listen, "tls-listen", "", "address for requests over TLS, such as :443; empty: none")
	cmd.Flags().StringSliceVar(&o.Domains, "tls-domain", nil, "domains to get certificates under: example.com for ep-….us-east.example.com; by setting one you agree to the terms of --tls-ca")
	cmd.Flags().StringVar(&o.Email, "tls-email", "", "address that the certificate authority may write to")
	cmd.Flags().StringVar(&o.CA, "tls-ca", "https://acme-v02.api.letsencrypt.org/directory", "ACME directory of the certificate authority")
	cmd.Flags().StringVar(&o.CAFile, "tls-ca-file", "", "certificates in PEM that a certificate authority of your own is known by")
	cmd.Flags().StringVar(&o.Storage, "tls-storage", "/var/lib/kelvin/certificates", "folder of certificates and keys; gateways that share a name share it")
	cmd.Flags().StringVar(&t.dnsCommand, "tls-dns-command", "", "program that sets and removes TXT records; with it there is one certificate with a wildcard for each domain")
	cmd.Flags().StringVar(&o.CertFile, "tls-cert", "", "certificate of your own in PEM, with its chain, instead of --tls-domain; read again when it changes")
	cmd.Flags().StringVar(&o.KeyFile, "tls-key", "", "file of its key in PEM")
	cmd.Flags().BoolVar(&o.Redirect, "tls-redirect", false, "answer requests at --listen with a redirect to https://, and let the certificate authority ask there (port 80)")
	cmd.Flags().DurationVar(&o.HSTS, "tls-hsts", 0, "how long browsers are told to use nothing but https:// (Strict-Transport-Security), such as 8760h; 0: they are not")
}

// prepare completes the options and listens; nil without --tls-listen.
func (t *gatewayTLS) prepare(cmd *cobra.Command, open func(context.Context, string, string) (net.Listener, error)) (net.Listener, error) {
	t.options.DNSCommand = strings.Fields(t.dnsCommand)
	if t.listen == "" {
		for _, name := range []string{"tls-domain", "tls-cert", "tls-key", "tls-redirect", "tls-hsts", "tls-dns-command"} {
			if cmd.Flags().Changed(name) {
				return nil, errors.New("--" + name + " needs --tls-listen")
			}
		}
		return nil, nil //nolint:nilnil // there is none
	}
	if err := t.options.Validate(); err != nil {
		return nil, err
	}
	return open(cmd.Context(), t.listen, "tls-listen")
}

// serve answers requests on plain and, if it is not nil, on secure.
func (t *gatewayTLS) serve(ctx context.Context, gw *gateway.Gateway, plain, secure net.Listener, metrics prometheus.Registerer) error {
	if secure == nil {
		return gw.Serve(ctx, gw.Standby(plain))
	}
	certificates, err := gw.OpenCertificates(ctx, t.options, plain.Addr(), secure.Addr())
	if err != nil {
		return err
	}
	defer certificates.Close()
	if err := metrics.Register(certificates); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return certificates.ServePlain(ctx, gw.Standby(plain)) })
	group.Go(func() error { return certificates.Serve(ctx, gw.Standby(secure)) })
	return group.Wait()
}

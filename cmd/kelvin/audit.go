package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/workflows"
)

func auditCommand() *cobra.Command {
	var (
		c      common
		t      temporalFlags
		url    string
		output string
		repair bool
		grace  time.Duration
	)
	cmd := &cobra.Command{
		Use: "audit", Short: "Compare the database with itself, with Temporal and with what hosts reported", Args: cobra.NoArgs,
		Long: "Looks for what should never be so: containers without a lease, GPUs that leaked, operations that nothing works on, and so on. It works on the database itself. " +
			"The server does the same every minute; what that found is in the metric kelvin_audit_findings and in GET /v1/audit. " +
			"The exit status is 1 if something is found and not repaired, or if Temporal does not answer; --temporal '' does without it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "store"); err != nil {
				return err
			}
			if output != "table" && output != "json" {
				return fleet.Errorf(fleet.Invalid, "--output is table or json")
			}
			if grace < time.Second {
				return fleet.Errorf(fleet.Invalid, "--grace is at least 1s")
			}
			logger, err := c.logger()
			if err != nil {
				return err
			}
			record, err := openStore(cmd.Context(), url)
			if err != nil {
				return err
			}
			defer record.Close()
			auditor := &workflows.Auditor{Store: record, Logger: logger, Grace: grace}
			if t.address != "" {
				temporal, err := t.dial("audit", logger)
				if err != nil {
					return err
				}
				defer temporal.Close()
				auditor.Attended = (&workflows.Client{Temporal: temporal, Store: record, Logger: logger}).Attended
			}
			look := auditor.Audit
			if repair {
				look = auditor.Repair
			}
			audit, err := look(cmd.Context())
			if err != nil {
				return err
			}
			if err := printAudit(cmd.OutOrStdout(), output, audit); err != nil {
				return err
			}
			return verdict(audit, auditor.Attended != nil)
		},
	}
	cmd.Flags().StringVar(&url, "store", "", "database: sqlite:/path/kelvin.db or postgres://…")
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	cmd.Flags().DurationVar(&grace, "grace", fleet.AuditGrace, "for how long something may be wrong without being found, since hosts and processes are a moment apart; at least 1s")
	cmd.Flags().BoolVar(&repair, "repair", false, "repair what is safe to repair, and say what that was")
	t.flags(cmd)
	c.flags(cmd)
	return configured(cmd)
}

// verdict is an error unless all is well, or was repaired.
func verdict(audit fleet.Audit, asked bool) error {
	left := 0
	for _, f := range audit.Findings {
		if !f.Repaired {
			left++
		}
	}
	switch {
	case left == 1:
		return errors.New("there is 1 finding")
	case left > 1:
		return fmt.Errorf("there are %d findings", left)
	case asked && audit.Partial:
		return errors.New("operations were not compared with Temporal, which does not answer (--temporal '' does without)")
	}
	return nil
}

func printAudit(w io.Writer, output string, audit fleet.Audit) error {
	if output == "json" {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(api.ShowAudit(audit))
	}
	if len(audit.Findings) == 0 {
		_, err := fmt.Fprintln(w, "Nothing found.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KIND\tRESOURCE\tHOST\tREPAIR\tMESSAGE")
	for _, f := range audit.Findings {
		how := "by hand"
		switch {
		case f.Repaired:
			how = "done"
		case f.Repairable:
			how = "--repair"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", f.Kind, f.Resource, oneLine(f.HostID), how, oneLine(f.Message))
	}
	return table.Flush()
}

// oneLine keeps a table's line one line: names in messages are their owners'.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\ufffd'
		}
		return r
	}, s)
}

package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

const diagnosesPath = "/v1/gpu-diagnoses/"

// gpuPast is what happened to a GPU, as JSON.
type gpuPast struct {
	Diagnoses []record[api.Diagnosis] `json:"diagnoses"`
	Events    []record[api.GPUEvent]  `json:"events"`
}

func (a *app) gpuHistory() *cobra.Command {
	limit := shown
	cmd := &cobra.Command{
		Use: "history GPU", Short: "Show what happened to a GPU, on whichever host it was", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeGPUs(nil),
		Long: "Shows its tests, scrubs and resets, what people decided about it, and what its driver reported, the newest first.",
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if limit < 0 {
				return usage(s.cmd, "--limit is negative; allowed: 0 for all, or how many")
			}
			g, err := s.findGPU(ctx, args[0])
			if err != nil {
				return err
			}
			path := gpus.path + "/" + url.PathEscape(g.it.ID)
			var past gpuPast
			diagnoses, events := &noun[api.Diagnosis]{path: path + "/diagnoses"}, &noun[api.GPUEvent]{path: path + "/events"}
			if past.Diagnoses, err = diagnoses.list(ctx, s.client, url.Values{}, limit); err != nil {
				return err
			}
			if past.Events, err = events.list(ctx, s.client, url.Values{}, limit); err != nil {
				return err
			}
			return past.print(s, limit)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "How many to list at the most; 0: all")
	return cmd
}

func (p *gpuPast) print(s *session, limit int) error {
	switch s.output {
	case formatJSON, formatYAML:
		p.Diagnoses, p.Events = slices.Concat([]record[api.Diagnosis]{}, p.Diagnoses), slices.Concat([]record[api.GPUEvent]{}, p.Events)
		return writeValue(s.out, s.output, p)
	case formatName:
		for _, d := range p.Diagnoses {
			fmt.Fprintln(s.out, d.it.ID)
		}
		return nil
	case formatTable:
	}
	type line struct {
		at    time.Time
		cells []string
	}
	var lines []line
	now := s.now()
	for _, r := range p.Diagnoses {
		d := r.it
		lines = append(lines, line{d.At, []string{ago(d.At, now), string(d.Kind), d.Outcome, firstOf(d.OperationID, d.Actor), d.HostID, simulatedNote(d) + d.Message, d.ID}})
	}
	for _, r := range p.Events {
		e := r.it
		what := reportedBy(e.Event)
		if e.Count > 1 {
			what = fmt.Sprintf("%s (%d times)", what, e.Count)
		}
		lines = append(lines, line{e.At, []string{ago(e.At, now), "event", "", e.Source, e.HostID, what, e.DiagnosisID}})
	}
	if len(lines) == 0 {
		s.say("None.")
		return nil
	}
	slices.SortStableFunc(lines, func(a, b line) int { return b.at.Compare(a.at) })
	t := table{titles: []string{"WHEN", "WHAT", "OUTCOME", "BY", "HOST", "MESSAGE", "DIAGNOSIS"}}
	for _, l := range lines[:limited(len(lines), limit)] {
		t.lines = append(t.lines, l.cells)
	}
	return t.write(s.out, !s.noHeaders)
}

func simulatedNote(d api.Diagnosis) string {
	if d.Simulated {
		return "simulated: "
	}
	return ""
}

func (a *app) gpuReport() *cobra.Command {
	return &cobra.Command{
		Use: "report DIAGNOSIS", Short: "Show the whole of a diagnosis", Args: cobra.ExactArgs(1),
		Long: "Shows what was found out about a GPU, and what followed. Everybody sees those of the account's own operations: `kelvin operation show` names\n" +
			"them. With -o json it is what `kelvin gpu verify-certificate` reads.",
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			var d record[api.DiagnosisReport]
			if err := s.get(ctx, diagnosesPath+url.PathEscape(args[0]), nil, &d); err != nil {
				return err
			}
			if s.output != formatTable {
				return printOne(s, d.it, d.raw, func(d api.DiagnosisReport) (id, name string) { return d.ID, "" }, nil)
			}
			f := showReport(&d.it, s.now())
			if err := f.write(s.out); err != nil {
				return err
			}
			text := reportText(&d.it)
			if text == "" {
				return nil
			}
			_, err := fmt.Fprint(s.out, "\n"+text)
			return err
		}),
	}
}

func showReport(d *api.DiagnosisReport, now time.Time) facts {
	var f facts
	f.add("Diagnosis", d.ID)
	f.add("Kind", string(d.Kind))
	f.add("At", moment(d.At, now))
	f.add("GPU", d.GPUID)
	f.add("Host", d.HostID)
	f.add("Operation", d.OperationID)
	f.add("Instance", d.InstanceID)
	f.add("By", d.Actor)
	if d.Examination == nil {
		f.add("Outcome", d.Outcome)
		f.add("Rule", d.Rule)
		f.add("Message", d.Message)
	}
	if d.Signature != nil {
		f.add("Signed with", d.Signature.Key)
	}
	return f
}

func reportText(d *api.DiagnosisReport) string {
	switch {
	case d.Examination != nil:
		return gpu.Report(*d.Examination, d.Verdict)
	case d.Scrub != nil:
		c, err := gpu.Certify(scrubbedOf(d), gpu.Device{Serial: d.Serial}, d.Verdict, d.Simulated)
		if err != nil {
			return ""
		}
		return c.Text()
	}
	return ""
}

// scrubbedOf is what the host signed of a scrub.
func scrubbedOf(d *api.DiagnosisReport) gpu.Scrubbed {
	return gpu.Scrubbed{Schema: gpu.SchemaVersion, UUID: d.UUID, Result: *d.Scrub}
}

// A verified is what a certificate proved to be, as JSON.
type verified struct {
	Valid     bool      `json:"valid"`
	Key       string    `json:"key"`
	UUID      string    `json:"uuid"`
	Kind      string    `json:"kind"`
	Outcome   string    `json:"outcome"`
	At        time.Time `json:"at"`
	Simulated bool      `json:"simulated"`
}

func (a *app) gpuVerify() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "verify-certificate FILE", Short: "Check the signature of a diagnosis, without a server", Args: cobra.ExactArgs(1),
		Long: "Reads what `kelvin gpu report DIAGNOSIS -o json` wrote (-: from the standard input), and checks that a host's key signed what it says was found.\n" +
			"Whose key that is, it cannot know: give --key. The verdict is not signed: the host only says what it found.",
		RunE: a.local(func(_ context.Context, cmd *cobra.Command, args []string) error {
			d, err := readReport(cmd, args[0])
			if err != nil {
				return err
			}
			if err := verify(d, key); err != nil {
				return &failure{exit: exitFailed, err: err}
			}
			v := verified{Valid: true, Key: d.Signature.Key, UUID: d.UUID, Kind: string(d.Kind), Outcome: d.Outcome, At: d.At, Simulated: d.Simulated}
			out := cmd.OutOrStdout()
			switch a.output {
			case formatJSON, formatYAML:
				return writeValue(out, a.output, v)
			case formatName, formatTable:
			}
			_, err = fmt.Fprintln(out, clean(fmt.Sprintf("valid: key %s signed this %s of %s%s", v.Key, v.Kind, v.UUID, note(v.Simulated, ", which is simulated"))))
			return err
		}),
	}
	cmd.Flags().StringVar(&key, "key", "", "`ID` of the key that must have signed it")
	return cmd
}

func note(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

const mostReport = 16 << 20 // bytes of a report

func readReport(cmd *cobra.Command, path string) (*api.DiagnosisReport, error) {
	in := cmd.InOrStdin()
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, &failure{exit: exitUsage, err: err}
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, mostReport+1))
	if err != nil {
		return nil, err
	}
	var d api.DiagnosisReport
	if len(text) > mostReport || json.Unmarshal(text, &d) != nil || !strings.HasPrefix(d.ID, fleet.DiagnosisPrefix) {
		return nil, &failure{
			exit: exitUsage, err: fmt.Errorf("%s is no diagnosis", path), next: []string{"`kelvin gpu report DIAGNOSIS -o json` writes one."},
		}
	}
	return &d, nil
}

// verify checks a diagnosis's signature.
func verify(d *api.DiagnosisReport, key string) error {
	var signed gpu.Document
	switch {
	case d.Signature == nil:
		return fmt.Errorf("diagnosis %s is not signed", d.ID)
	case d.Redacted:
		return fmt.Errorf("diagnosis %s cannot be checked: what concerns others was left out of it", d.ID)
	case d.Examination != nil && d.Scrub == nil:
		signed = *d.Examination
	case d.Scrub != nil && d.Examination == nil:
		signed = scrubbedOf(d)
	default:
		return fmt.Errorf("diagnosis %s has nothing that is signed", d.ID)
	}
	if err := d.Signature.Verify(signed); err != nil {
		return err
	}
	if d.Examination != nil && d.Examination.UUID != d.UUID {
		return fmt.Errorf("the examination is of %s, and the diagnosis of %s", d.Examination.UUID, d.UUID)
	}
	if key != "" && !strings.EqualFold(key, d.Signature.Key) {
		return fmt.Errorf("it was signed with key %s, not with %s", d.Signature.Key, key)
	}
	return nil
}

// addDiagnoses adds to an operation what it had examined.
func (s *session) addDiagnoses(ctx context.Context, op api.Operation, f *facts) error {
	if op.Kind != fleet.KindInstance {
		return nil
	}
	var all api.List[api.Diagnosis]
	if err := s.get(ctx, operations.path+"/"+url.PathEscape(op.ID)+"/diagnoses", nil, &all); err != nil && !fleet.Is(err, fleet.NotFound) {
		return err
	}
	for _, d := range all.Items {
		what := cmp.Or(d.Level, string(d.Kind))
		line := fmt.Sprintf("%s: %s", what, cmp.Or(d.Outcome, "not tested"))
		if d.Seconds > 0 {
			line += fmt.Sprintf(" in %.1f s", d.Seconds)
		}
		if d.Coverage > 0 {
			line += fmt.Sprintf(", %.1f%% of its memory", 100*d.Coverage)
		}
		if d.Message != "" {
			line += ": " + d.Message
		}
		f.add("GPU "+d.UUID, line+" ("+simulatedNote(d)+d.ID+")")
	}
	return nil
}

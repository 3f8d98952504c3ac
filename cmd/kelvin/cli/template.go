package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var templates = &noun[api.Template]{
	one: "template", path: "/v1/templates", onePage: true,
	names: func(t api.Template) (id, name string) { return t.Name, t.Name },
	columns: []column[api.Template]{
		{"NAME", func(t api.Template, _ time.Time) string { return t.Name }},
		{"TITLE", func(t api.Template, _ time.Time) string { return t.Title }},
		{"BUILT IN", func(t api.Template, _ time.Time) string { return yes(t.BuiltIn, "no") }},
		{"TESTED", func(t api.Template, _ time.Time) string {
			if !t.BuiltIn {
				return ""
			}
			return yes(t.Verified, "no")
		}},
		{"PARAMETERS", func(t api.Template, _ time.Time) string {
			var all []string
			for _, p := range t.Parameters {
				all = append(all, p.Name)
			}
			return strings.Join(all, ", ")
		}},
		{"PORTS", func(t api.Template, _ time.Time) string { return strings.Trim(fmt.Sprint(t.Ports), "[]") }},
	},
	show: showTemplate,
}

func showTemplate(t api.Template, now time.Time) facts {
	var f facts
	f.add("Template", t.Name)
	f.add("Title", t.Title)
	f.add("Description", t.Description)
	f.add("Built in", yes(t.BuiltIn, ""))
	if t.BuiltIn {
		f.add("Tested", yes(t.Verified, "no: a starting point"))
	}
	f.add("Ports", strings.Trim(fmt.Sprint(t.Ports), "[]"))
	use := "kelvin instance create NAME --image IMAGE --template " + t.Name
	for _, p := range t.Parameters {
		f.add("Parameter", p.Name+told(p))
		if p.Required {
			use += fmt.Sprintf(" --template-param %s.%s=…", t.Name, p.Name)
		}
	}
	for _, step := range t.Steps {
		f.add("Step "+step.Name, step.Command)
	}
	for _, service := range t.Services {
		f.add("Service "+service.Name, service.Command)
	}
	f.add("Version", t.Version)
	f.add("Created", moment(t.CreatedAt, now))
	f.add("Updated", moment(t.UpdatedAt, now))
	f.add("Use it", use)
	return f
}

// told is what there is to know of a parameter.
func told(p fleet.TemplateParameter) string {
	var all []string
	for _, word := range []struct {
		is   bool
		text string
	}{{p.Required, "required"}, {p.Secret, "secret"}, {p.Default != "", "default " + p.Default}, {p.Description != "", p.Description}} {
		if word.is {
			all = append(all, word.text)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all, "; ")
}

func (a *app) templateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "template", Aliases: []string{"templates", "tpl"}, Short: "Say what is installed in servers",
		Long: "A template is a named list of commands that are run in a server: steps once, services at every start.\n" +
			"`kelvin instance create --template NAME` installs it; so does `kelvin instance template attach`, at the next start.",
	}
	cmd.AddCommand(
		lsCommand(a, templates, "List the built-in templates, and your own", 0, nil), showCommand(a, templates, "Show a template"),
		a.templateCreate(), a.templateUpdate(), a.templateRm(),
	)
	return cmd
}

const templateFile = `  # tools.yaml
  name: tools
  title: Editors and monitors
  parameters:
    - {name: packages, default: htop vim, pattern: "[a-z0-9 .+-]+"}
  steps:
    - name: install
      timeout: 10m
      command: |
        apt-get update
        apt-get install -y $PARAM_PACKAGES
  services:
    - {name: watch, command: exec nvidia-smi dmon}`

func (a *app) templateCreate() *cobra.Command {
	cmd := a.putTemplate(http.MethodPost)
	cmd.Use, cmd.Short = "create -f FILE", "Create a template from a file"
	cmd.Long = "Creates a template from a file of YAML or JSON. The same file again changes nothing; another one of that\nname is refused: see `kelvin template update`."
	cmd.Example = templateFile + "\n\n  kelvin template create -f tools.yaml"
	return cmd
}

func (a *app) templateUpdate() *cobra.Command {
	cmd := a.putTemplate(http.MethodPut)
	cmd.Use, cmd.Short = "update -f FILE", "Change what a template does"
	cmd.Long = "Replaces what a template does by what a file of YAML or JSON says. Servers that have it keep what they were\ngiven until it is attached to them again."
	cmd.Example = "  kelvin template show tools -o yaml > tools.yaml\n  kelvin template update -f tools.yaml"
	return cmd
}

func (a *app) putTemplate(method string) *cobra.Command {
	var file, key string
	cmd := &cobra.Command{
		Args: cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, s *session, _ []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			if file == "" {
				return usage(s.cmd, "which file? Give --file, or --file - for standard input")
			}
			read, err := readTemplate(file, s.cmd.InOrStdin())
			if err != nil {
				return usage(s.cmd, "--file %s: %w", file, err)
			}
			in := call{method: method, path: templates.path, body: api.TemplateCreate{Name: read.Name, TemplateSpec: read.TemplateSpec}, key: firstOf(key, newKey())}
			if method == http.MethodPut {
				in.path, in.body = templates.path+"/"+url.PathEscape(read.Name), read.TemplateSpec
			}
			var now record[api.Template]
			if err := s.do(ctx, in, &now); err != nil {
				return err
			}
			if s.output != formatTable {
				return templates.printOne(s, now)
			}
			_, err = fmt.Fprintf(s.out, "template %s: %d steps, %d services\n", clean(now.it.Name), len(now.it.Steps), len(now.it.Services))
			return err
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "`File` of YAML or JSON; - is standard input")
	keyFlag(cmd, &key)
	return cmd
}

// readTemplate reads a file that says what a template does. What only the server says, as
// `template show` prints it, may be in it, and is left out; what nobody knows is an error.
func readTemplate(path string, in io.Reader) (t api.Template, err error) {
	text, err := readFile(path, in)
	if err != nil {
		return t, err
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return t, err
	}
	if text, err = json.Marshal(tree); err != nil {
		return t, err
	}
	lines := json.NewDecoder(bytes.NewReader(text))
	lines.DisallowUnknownFields()
	if err := lines.Decode(&t); err != nil {
		return t, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if t.Name == "" {
		return t, errors.New("it has no name")
	}
	return t, nil
}

// maxFile is how much is read of a file that goes into a request.
const maxFile = 1 << 20

func readFile(path string, in io.Reader) ([]byte, error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, errors.Unwrap(err) // without the path, which the caller says
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("it has more than 1 MiB")
	}
	return text, err
}

func (a *app) templateRm() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "rm TEMPLATE", Aliases: []string{"delete"}, Short: "Delete a template of your own",
		Long:              "Deletes a template. Servers that have it keep it.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, templates, func(t api.Template) bool { return !t.BuiltIn }),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			in := call{method: http.MethodDelete, path: templates.path + "/" + url.PathEscape(args[0]), key: firstOf(key, newKey())}
			if err := s.do(ctx, in, nil); err != nil {
				return err
			}
			_, err := fmt.Fprintf(s.out, "template %s: deleted\n", clean(args[0]))
			return err
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

// value is what a parameter's flag says: the text, or with @ the contents of a file, without
// the newline at its end. ~ is the home folder there: behind an @ no shell looks for it.
func (a *app) value(text string, in io.Reader) (string, error) {
	path, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return text, nil
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		path = filepath.Join(a.getenv("HOME"), rest)
	}
	read, err := readFile(path, in)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(read), "\n"), "\r"), nil
}

// parameters reads NAME=VALUE flags. Errors never hold a value, which may be a secret.
func (a *app) parameters(cmd *cobra.Command, flag string, pairs []string) (map[string]string, error) {
	if len(pairs) == 0 {
		return nil, nil //nolint:nilnil // none is an answer
	}
	all := map[string]string{}
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage(cmd, "--%s has the wrong form; allowed: NAME=VALUE, or NAME=@FILE", flag)
		}
		value, err := a.value(text, cmd.InOrStdin())
		if err != nil {
			return nil, usage(cmd, "--%s %s: %w", flag, name, err)
		}
		all[name] = value
	}
	return all, nil
}

// attachments are what --template and --template-param say together.
func (a *app) attachments(cmd *cobra.Command, names, pairs []string) ([]fleet.Attachment, error) {
	var all []fleet.Attachment
	at := map[string]int{}
	for _, name := range names {
		at[name] = len(all)
		all = append(all, fleet.Attachment{Name: name})
	}
	values, err := a.parameters(cmd, "template-param", pairs)
	if err != nil {
		return nil, err
	}
	for full, value := range values {
		template, name, ok := strings.Cut(full, ".")
		i, known := at[template]
		if !ok || !known {
			return nil, usage(cmd, "--template-param %s: allowed: TEMPLATE.NAME=VALUE, with a template of --template", full)
		}
		if all[i].Parameters == nil {
			all[i].Parameters = map[string]string{}
		}
		all[i].Parameters[name] = value
	}
	return all, nil
}

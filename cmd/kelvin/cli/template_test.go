package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

const toolsFile = `name: tools
title: Tools
parameters:
  - {name: packages, default: htop, pattern: "[a-z ]+"}
steps:
  - name: install
    timeout: 20m
    command: |
      apt-get update
      apt-get install -y $PARAM_PACKAGES
services:
  - {name: watch, command: exec top}
`

func TestATemplateIsMadeFromAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "tools.yaml")
	require.NoError(t, os.WriteFile(file, []byte(toolsFile), 0o600))
	spec := fleet.TemplateSpec{Steps: []fleet.TemplateStep{{Name: "install"}}, Services: []fleet.TemplateService{{Name: "watch"}}}
	w.answers("POST /v1/templates", 200, api.Template{Name: "tools", TemplateSpec: spec})
	w.answers("PUT /v1/templates/tools", 200, api.Template{Name: "tools", TemplateSpec: spec})
	require.Equal(t, "template tools: 1 steps, 1 services\n", w.mustRun("template", "create", "-f", file))
	w.in = strings.NewReader(toolsFile + "version: 12ab\nbuilt_in: false\ncreated_at: 2026-01-31T08:00:00Z\n")
	w.mustRun("template", "update", "-f", "-")
	said := `"title":"Tools","parameters":[{"name":"packages","default":"htop","pattern":"[a-z ]+"}],"steps":[{"name":"install","command":"apt-get update\napt-get install -y $PARAM_PACKAGES\n","timeout":"20m0s"}],"services":[{"name":"watch","command":"exec top"}]}`
	require.Equal(t, []string{`POST /v1/templates {"name":"tools",` + said, `PUT /v1/templates/tools {` + said}, w.requests())
}

func TestAFileThatIsNoTemplateIsAMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for text, want := range map[string]string{
		"name: [":                     "yaml",
		"title: nameless":             "it has no name",
		"name: tools\nstep: []":       `unknown field "step"`,
		"name: tools\nsteps: install": "cannot unmarshal string",
		"- name: tools":               "cannot unmarshal array",
	} {
		w.in = strings.NewReader(text)
		got := w.run("template", "create", "-f", "-")
		require.Equal(t, exitUsage, got.exit, text)
		require.Contains(t, got.err, want)
	}
	require.Equal(t, exitUsage, w.run("template", "create").exit)
	require.Contains(t, w.run("template", "create", "-f", "/no/such/file").err, "no such file")
	require.Empty(t, w.requests())
}

func TestATemplateIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mux.HandleFunc("DELETE /v1/templates/tools", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) })
	require.Equal(t, "template tools: deleted\n", w.mustRun("template", "rm", "tools"))
}

func TestAServerIsMadeWithTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, os.WriteFile(filepath.Join(w.env["HOME"], "id.pub"), []byte("ssh-ed25519 AAAA me\n"), 0o600))
	w.answers("POST /v1/instances", 202, stopOperation(api.OperationPending))
	w.mustRun("instance", "create", "box", "--image", "debian:12", "--template", "ssh", "--template", "jupyter",
		"--template-param", "ssh.keys=@~/id.pub", "--template-param", "jupyter.token=a=b@c")
	require.Contains(t, w.requests()[0], `"templates":[{"name":"ssh","parameters":{"keys":"ssh-ed25519 AAAA me"}},{"name":"jupyter","parameters":{"token":"a=b@c"}}]`)

	for _, wrong := range []string{"ssh.keys", "keys=x", "other.keys=secret-value", "ssh.keys=@/no/such/file", "=x"} {
		got := w.run("instance", "create", "box", "--image", "debian:12", "--template", "ssh", "--template-param", wrong)
		require.Equal(t, exitUsage, got.exit, wrong)
		require.NotContains(t, got.err, "secret-value")
	}
}

func TestTemplatesAreAttachedAndDetached(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	now := notebook()
	now.Spec.Templates = append(now.Spec.Templates, fleet.Attachment{Name: "hello"})
	now.Spec.Ports = append(now.Spec.Ports, 22)
	path := "/v1/instances/" + now.ID + "/templates/hello"
	w.answers("POST "+path, 200, now)
	w.answers("DELETE "+path, 200, notebook())
	out := w.mustRun("instance", "template", "attach", "notebook", "hello", "--param", "greeting=hi there")
	require.Contains(t, out, "ssh, hello")
	require.Contains(t, out, "kelvin instance restart notebook")
	require.Contains(t, out, "[22], published from its next place on")
	require.Contains(t, w.requests()[1], `POST `+path+` {"parameters":{"greeting":"hi there"}}`)
	require.Contains(t, w.mustRun("instance", "template", "detach", "notebook", "hello"), "instance notebook:  ssh")
	require.Contains(t, w.completions("instance", "template", "attach", "notebook", ""), "ssh\tSSH server")
	require.Equal(t, []string{"tools\tTools"}, w.completions("template", "rm", ""))
}

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	docker "github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
)

// shellImage makes an image with a shell and little else, for as long as the test runs.
func (s *stack) shellImage() string {
	s.Helper()
	return s.makeImage("e2e-shell", machinetest.WriteShell)
}

// makeImage makes an image of a layer on the first engine, and on others, for as long as the
// test runs.
func (s *stack) makeImage(name string, layer func(io.Writer) error, others ...*second) string {
	s.Helper()
	ref := fmt.Sprintf("kelvin/%s:p%d", name, os.Getpid())
	s.importImage(s.engine, ref, layer)
	for _, h := range others {
		s.importImage(h.engine, ref, layer)
	}
	s.Cleanup(func() {
		clearHost(s.TB, s.engine, s.host) // containers of the image
		_, err := s.engine.ImageRemove(context.Background(), ref, image.RemoveOptions{PruneChildren: true})
		require.NoError(s, err)
	})
	return ref
}

func (s *stack) importImage(engine *docker.Client, ref string, layer func(io.Writer) error) {
	s.Helper()
	out, in := io.Pipe()
	go func() { _ = in.CloseWithError(layer(in)) }()
	body, err := engine.ImageImport(s.Context(), image.ImportSource{Source: out, SourceName: "-"}, ref, image.ImportOptions{Changes: []string{"ENV PATH=/bin"}})
	require.NoError(s, err)
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	require.NoError(s, err)
}

// inside runs a command in the only container there is, and returns what it says.
func (s *stack) inside(command string) string {
	s.Helper()
	said, err := s.tryInside(command)
	require.NoError(s, err)
	return said
}

// tryInside is inside for a container that may not run.
func (s *stack) tryInside(command string) (string, error) {
	all := s.containers()
	if len(all) != 1 {
		return "", fmt.Errorf("there are %d containers", len(all))
	}
	x, err := s.engine.ContainerExecCreate(s.Context(), all[0].ID, container.ExecOptions{Cmd: []string{"/bin/sh", "-c", command}, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return "", err
	}
	conn, err := s.engine.ContainerExecAttach(s.Context(), x.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var said bytes.Buffer
	_, err = stdcopy.StdCopy(&said, &said, conn.Reader)
	return said.String(), err
}

// write makes a file for a command to read.
func (s *stack) write(name, text string) string {
	s.Helper()
	path := filepath.Join(s.dir, name)
	require.NoError(s, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const templateSecret = "correct-horse-battery"

// Templates in real containers: installed once, services at every start; joined by an agent
// that comes back; and a failure undone and explained. A secret is nowhere but in the
// container, where it belongs.
func TestTemplates(t *testing.T) {
	s := newStack(t)
	ref := s.shellImage()
	s.must("template", "create", "-f", s.write("tools.yaml", `
name: tools
parameters:
  - {name: token, secret: true, required: true}
steps:
  - name: once
    command: |
      echo "$PARAM_TOKEN" >/root/token
      echo once >>/root/steps
services:
  - name: beat
    command: while :; do date +%s >/root/beat; sleep 1; done
`))
	t.Log(s.must("template", "ls"))

	out := s.must("instance", "create", "box", "--image", ref, "--gpus", "0", "--command", "exec sleep 3600", "--wait",
		"--template", "hello", "--template-param", "hello.greeting=Good $(id) 'morning'", "--template", "tools", "--template-param", "tools.token=@"+s.write("token", templateSecret+"\n"))
	t.Log(out)
	require.Equal(t, "Good $(id) 'morning'\n", s.inside("cat /etc/motd"), "a value is no command")
	require.Equal(t, templateSecret+"\n", s.inside("cat /root/token"))
	lines := func(file string) int { return strings.Count(s.inside("cat "+file), "\n") }
	require.Equal(t, 1, lines("/var/lib/hello/starts"))
	beats := func() {
		t.Helper()
		before := s.inside("cat /root/beat")
		require.Eventually(t, func() bool {
			now, err := s.tryInside("cat /root/beat")
			return err == nil && now != before
		}, 10*time.Second, 100*time.Millisecond, "the service runs")
	}
	beats()
	require.Contains(t, s.must("instance", "template", "ls", "box"), "tools")

	t.Run("steps run once, services at every start", func(t *testing.T) {
		s.must("instance", "restart", "box", "--wait")
		beats()
		s.must("instance", "stop", "box", "--wait")
		s.must("instance", "start", "box", "--wait")
		beats()
		require.Equal(t, 1, lines("/root/steps"))
		require.Equal(t, 3, lines("/var/lib/hello/starts"))
	})

	t.Run("one that is attached is installed at the next start, by an agent that is killed meanwhile, too", func(t *testing.T) {
		s.must("template", "create", "-f", s.write("slow.yaml", `
name: slow
ports: [2222]
steps:
  - {name: wait, command: echo begun >>/root/slow; sleep 8; echo ended >>/root/slow}
`))
		require.Contains(t, s.must("instance", "template", "attach", "box", "slow"), "kelvin instance restart box")
		var box api.List[api.Instance]
		require.NoError(t, s.get("/v1/instances?name=box", &box))
		op := s.accept("POST", "/v1/instances/"+box.Items[0].ID+"/restart", "restart with slow", nil)
		require.Eventually(t, func() bool {
			said, err := s.tryInside("cat /root/slow")
			return err == nil && strings.Contains(said, "begun")
		}, 30*time.Second, 100*time.Millisecond)
		s.kill("agent")
		s.start("agent")
		require.Equal(t, api.OperationDone, s.await(op.ID, time.Minute).State)
		require.Equal(t, "begun\nended\n", s.inside("cat /root/slow"), "the new agent has joined the step")
	})

	t.Run("detached it is not started any more", func(t *testing.T) {
		s.must("instance", "template", "detach", "box", "tools")
		s.must("instance", "restart", "box", "--wait")
		before := s.inside("cat /root/beat")
		time.Sleep(2500 * time.Millisecond)
		require.Equal(t, before, s.inside("cat /root/beat"))
		require.Equal(t, 1, lines("/root/steps"), "what is installed stays")
	})
	s.must("instance", "rm", "box", "--yes", "--wait")

	t.Run("what fails is undone and says why", func(t *testing.T) {
		s.must("template", "create", "-f", s.write("broken.yaml", `
name: broken
parameters: [{name: token, secret: true}]
steps:
  - {name: fine, command: "true"}
  - {name: breaks, command: "echo no luck with $PARAM_TOKEN; exit 7"}
`))
		out, err := s.kelvin("instance", "create", "sad", "--image", ref, "--gpus", "0", "--command", "exec sleep 3600", "--wait",
			"--template", "broken", "--template-param", "broken.token="+templateSecret)
		require.Error(t, err)
		require.Contains(t, out, "template broken: step breaks (2 of 2) failed with exit code 7; its last words: no luck with ***")

		out, err = s.kelvin("instance", "create", "bare", "--image", "kelvin/echo:latest", "--shell", "/no/shell", "--gpus", "0", "--wait", "--template", "hello")
		require.Error(t, err)
		require.Contains(t, out, "has no /no/shell")
	})
	s.requireClean()

	var ops api.List[api.Operation]
	require.NoError(t, s.get("/v1/operations", &ops))
	require.NotContains(t, fmt.Sprint(ops), templateSecret)
	var events api.List[api.Event]
	require.NoError(t, s.get("/v1/events?limit=500", &events))
	require.NotContains(t, fmt.Sprint(events), templateSecret)
	s.requireNowhere(templateSecret, "token")
	require.True(t, fleet.Templates[0].Verified, "hello is what this test runs")
}

// requireNowhere checks that a text is in no file of the stack but one: not in the record, not
// in Temporal's, and in no log.
func (s *stack) requireNowhere(text, but string) {
	s.Helper()
	require.NoError(s, filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || entry.Name() == but {
			return nil //nolint:nilerr // files come and go
		}
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, []byte(text)) {
			s.Errorf("%s has the secret", path)
		}
		return nil
	}))
}

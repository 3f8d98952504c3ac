package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// alone is a world without a context or an environment that names a server.
func alone(t *testing.T) (w *world, path string) {
	w = stocked(newWorld(t))
	delete(w.env, "KELVIN_SERVER")
	delete(w.env, "KELVIN_API_KEY")
	return w, filepath.Join(w.env["HOME"], ".config", "kelvin", "context.json")
}

func TestOnlyTheOwnerCanReadTheContextFile(t *testing.T) {
	t.Parallel()
	_, path := alone(t)
	require.NoError(t, saveContext(path, "dev", Context{Server: "http://127.0.0.1:8080", Key: testKey}))
	require.NoError(t, os.Chmod(path, 0o644))
	require.NoError(t, saveContext(path, "prod", Context{Server: "https://k.example.com", Key: "other"}))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	dir, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), dir.Mode().Perm())
	all, err := loadContexts(path)
	require.NoError(t, err)
	require.Equal(t, Contexts{Current: "prod", Contexts: map[string]Context{
		"dev": {Server: "http://127.0.0.1:8080", Key: testKey}, "prod": {Server: "https://k.example.com", Key: "other"},
	}}, all)
}

func TestContextsSavedAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	_, path := alone(t)
	var saved sync.WaitGroup
	for i := range 20 {
		saved.Go(func() {
			if i%4 > 0 {
				if err := saveContext(path, fmt.Sprint("c", i), Context{Server: "http://x"}); err != nil {
					t.Error(err)
				}
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "context", "set", fmt.Sprint("c", i), "--server", "http://127.0.0.1:1")
			cmd.Env = append(os.Environ(), asKelvin+"=1", "KELVIN_CONTEXT="+path, "KELVIN_API_KEY="+testKey)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	saved.Wait()
	all, err := loadContexts(path)
	require.NoError(t, err)
	require.Len(t, all.Contexts, 20)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".context-*"))
	require.NoError(t, err)
	require.Empty(t, left, "no temporary file is left")
}

func TestTheContextFileIsWhereTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"/c.json":                           {"KELVIN_CONTEXT": "/c.json", "XDG_CONFIG_HOME": "/x", "HOME": "/h"},
		"/x/kelvin/context.json":            {"XDG_CONFIG_HOME": "/x", "HOME": "/h"},
		"/h/.config/kelvin/context.json":    {"HOME": "/h"},
		"/home/.config/kelvin/context.json": {"XDG_CONFIG_HOME": "relative", "HOME": "/home"},
	} {
		got, err := contextPath(func(name string) string { return env[name] })
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := contextPath(func(string) string { return "" })
	require.ErrorContains(t, err, "KELVIN_CONTEXT")
}

func TestWithoutAContextANewcomerIsToldWhatToRun(t *testing.T) {
	t.Parallel()
	w, _ := alone(t)
	r := w.run("endpoint", "ls")
	require.Equal(t, exitUsage, r.exit)
	require.Contains(t, r.err, "kelvin dev")
	require.Contains(t, r.err, "kelvin context set")
	require.Contains(t, w.run("endpoint", "ls", "--context", "prod").err, `there is no context "prod"`)
}

func TestContextsAreSetListedUsedAndForgotten(t *testing.T) {
	t.Parallel()
	w, path := alone(t)
	w.in = strings.NewReader(testKey + "\n")
	out := w.mustRun("context", "set", "dev", "--server", w.server.URL+"/", "--key-stdin", "--gateway", "http://g")
	require.Contains(t, out, "Context dev is saved in "+path)
	require.Contains(t, out, "Signed in as dev (owner).")
	require.Contains(t, w.mustRun("endpoint", "ls"), "llama", "the current context is used")

	w.env["KELVIN_API_KEY"] = "kelvin_sk_another_key_of_another"
	r := w.run("context", "set", "prod", "--server", "http://kelvin.invalid")
	require.Zero(t, r.exit, r.err)
	require.Contains(t, r.err, "over http the key can be read on its way")
	require.Contains(t, r.err, "It was not tried out")
	delete(w.env, "KELVIN_API_KEY")

	require.Equal(t, []string{"dev", "-", w.server.URL, "kelvin_sk_…wxyz", "prod", "yes", "http://kelvin.invalid", "kelvin_sk_…ther"},
		strings.Fields(w.mustRun("context", "ls", "--no-headers")))
	require.Equal(t, "Commands talk to dev from now on.\n", w.mustRun("context", "use", "dev"))
	for _, as := range []string{"table", "json", "yaml", "name"} {
		require.NotContains(t, w.mustRun("context", "ls", "-o", as), testKey)
		require.NotContains(t, w.mustRun("context", "show", "-o", as), testKey)
	}
	require.Contains(t, w.mustRun("context", "show", "dev"), "http://g")

	require.Equal(t, exitNotFound, w.run("context", "use", "nope").exit)
	require.Contains(t, w.run("context", "use", "nope").err, "There are: dev, prod")
	w.mustRun("context", "rm", "dev")
	require.Equal(t, exitUsage, w.run("endpoint", "ls").exit, "none is current")
	require.NotContains(t, w.run("endpoint", "ls", "--context", "prod").err, "no server")
}

func TestAKeyIsSentToItsOwnServerOnly(t *testing.T) {
	t.Parallel()
	w, path := alone(t)
	require.NoError(t, saveContext(path, "dev", Context{Server: "http://127.0.0.1:1", Key: "kelvin_sk_of_the_context"}))

	r := w.run("me", "--server", w.server.URL)
	require.Equal(t, exitForbidden, r.exit)
	require.Contains(t, r.err, "KELVIN_API_KEY")
	w.env["KELVIN_SERVER"] = w.server.URL
	require.Equal(t, exitForbidden, w.run("me").exit)
	require.Empty(t, w.requests())

	w.env["KELVIN_API_KEY"] = testKey
	w.mustRun("me")
	w.mustRun("me", "--server", w.server.URL+"/")
	require.Equal(t, "Bearer "+testKey, w.asked[0].header.Get("Authorization"))
	require.Equal(t, exitForbidden, w.run("me", "--context", "dev", "--server", w.server.URL).exit, "a named context is used as it is")

	require.NoError(t, saveContext(path, "test", Context{Server: w.server.URL, Key: "kelvin_sk_test"}))
	w.env["KELVIN_SERVER"] = "http://127.0.0.1:1"
	w.mustRun("me", "--context", "test")
	require.Equal(t, "Bearer kelvin_sk_test", w.asked[2].header.Get("Authorization"), "the flag is stronger than the environment")
}

func TestABrokenContextFileIsNamedAndNotQuoted(t *testing.T) {
	t.Parallel()
	w, path := alone(t)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(`{"contexts": kelvin_sk_secret`), 0o600))
	r := w.run("me")
	require.Equal(t, exitFailed, r.exit)
	require.Contains(t, r.err, path)
	require.NotContains(t, r.err, "secret")
	require.Error(t, saveContext(path, "x", Context{}), "and not overwritten")
}

func TestSettingARefusedKeySaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/me", 401, api.Problem{Status: 401, Code: fleet.Unauthenticated, Detail: "no such key"})
	r := w.run("context", "set", "dev")
	require.Equal(t, exitForbidden, r.exit)
	require.Contains(t, r.err, "kelvin context set dev")
	require.Equal(t, exitUsage, w.run("context", "set", " dev").exit)
	require.Equal(t, exitUsage, w.run("context", "set", "dev", "--server", "kelvin.example.com").exit)
}

func TestShortKeysAreMaskedWhole(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"": "", "kelvin_sk_abc": "…", testKey: "kelvin_sk_…wxyz", strings.Repeat("x", 30): "…xxxx"} {
		require.Equal(t, want, masked(key))
	}
}

package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestNamespaceIsReadyWhenTheLineIsPrinted(t *testing.T) {
	t.Parallel()
	p := mustServe(t, "--namespace=test")
	require.Equal(t, "test", p.Namespace)
	require.Equal(t, "1.32.1", p.Version)
	require.Empty(t, p.UI)
	requireNamespaceAsWanted(t, mustDial(t, p), "test")
	p.mustStop(t)
	require.Empty(t, p.log.String(), "a quiet start and stop logs nothing at warn")
}

func TestUIAnswersForTheServer(t *testing.T) {
	t.Parallel()
	p := mustServe(t, "--ui=127.0.0.1:0")

	var cluster struct{ ServerVersion string }
	mustGetJSON(t, p.UI+"/api/v1/cluster-info", &cluster)
	require.Equal(t, p.Version, cluster.ServerVersion)

	var settings struct {
		DefaultNamespace          string
		DisableNewsFetch          bool
		WorkflowTerminateDisabled bool
		WorkflowResetDisabled     bool
		WorkflowCancelDisabled    bool
	}
	mustGetJSON(t, p.UI+"/api/v1/settings", &settings)
	require.Equal(t, "kelvin", settings.DefaultNamespace)
	require.True(t, settings.DisableNewsFetch)
	require.True(t, settings.WorkflowTerminateDisabled)
	require.True(t, settings.WorkflowResetDisabled)
	require.False(t, settings.WorkflowCancelDisabled)

	page, err := http.Get(p.UI + "/namespaces/kelvin/workflows")
	require.NoError(t, err)
	body, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.NotRegexp(t, regexp.MustCompile(`(src|href)="(https?:)?//`), string(body), "the page loads nothing from elsewhere")
	p.mustStop(t)
}

func TestWorkflowsOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not yet there", "100% #1?")
	first := mustServe(t, "--data-dir="+dir, "--sync=normal")
	c := mustDial(t, first)
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflowWithOptions(func(workflow.Context) (string, error) { return "done", nil },
		workflow.RegisterOptions{Name: "finish"})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) },
		workflow.RegisterOptions{Name: "sleep"})
	require.NoError(t, w.Start())
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "closed", TaskQueue: "test"}, "finish")
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "open", TaskQueue: "test"}, "sleep")
	require.NoError(t, err)
	w.Stop()
	c.Close()
	first.mustStop(t)

	require.FileExists(t, filepath.Join(dir, "temporal-0.11.db"))
	second := mustServe(t, "--data-dir="+dir)
	c = mustDial(t, second)
	var answer string
	require.NoError(t, c.GetWorkflow(t.Context(), "closed", "").Get(t.Context(), &answer))
	require.Equal(t, "done", answer)
	open, err := c.DescribeWorkflowExecution(t.Context(), "open", "")
	require.NoError(t, err)
	require.Equal(t, "Running", open.GetWorkflowExecutionInfo().GetStatus().String())

	t.Run("with a namespace brought up to date", func(t *testing.T) {
		_, err := c.OperatorService().RemoveSearchAttributes(t.Context(), &operatorservice.RemoveSearchAttributesRequest{
			Namespace: "kelvin", SearchAttributes: []string{"GPUCount"},
		})
		require.NoError(t, err)
		_, err = c.WorkflowService().UpdateNamespace(t.Context(), &workflowservice.UpdateNamespaceRequest{
			Namespace: "kelvin",
			Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(24 * time.Hour)},
		})
		require.NoError(t, err)
		second.mustStop(t)
		second = mustServe(t, "--data-dir="+dir)
		requireNamespaceAsWanted(t, mustDial(t, second), "kelvin")
	})
	t.Run("also when it is killed", func(t *testing.T) {
		require.NoError(t, second.cmd.Process.Kill())
		<-second.exit
		third := mustServe(t, "--data-dir="+dir)
		_, err := mustDial(t, third).DescribeWorkflowExecution(t.Context(), "open", "")
		require.NoError(t, err)
		third.mustStop(t)
	})
}

func TestItEndsWithItsStandardInput(t *testing.T) {
	t.Parallel()
	p := mustServe(t)
	dial := mustDial(t, p) // an open connection must not hold it up
	_, err := dial.CheckHealth(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, p.stdin.Close())
	p.mustEnd(t)
}

func TestTemporaryDataIsRemoved(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	abandoned := filepath.Join(tmp, "kelvin-temporal-123")
	require.NoError(t, os.Mkdir(abandoned, 0o700))
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(abandoned, old, old))

	p := mustServe(t)
	dirs, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Len(t, dirs, 1, "the abandoned folder is gone, its own is there")
	p.mustStop(t)
	dirs, err = os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, dirs)
}

func TestItRefusesInOneLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	inUse := t.TempDir()
	mustServe(t, "--data-dir="+inUse)
	notAFolder := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(notAFolder, nil, 0o600))

	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"taken port":       {[]string{"--grpc=" + taken.Addr().String()}, "--grpc " + taken.Addr().String() + ": the port is taken"},
		"taken UI port":    {[]string{"--grpc=127.0.0.1:0", "--ui=" + taken.Addr().String()}, "--ui " + taken.Addr().String() + ": the port is taken"},
		"not loopback":     {[]string{"--grpc=0.0.0.0:7233"}, "--grpc 0.0.0.0:7233: the host must be a loopback address such as 127.0.0.1"},
		"no port":          {[]string{"--grpc=127.0.0.1"}, `--grpc "127.0.0.1": want host:port`},
		"folder in use":    {[]string{"--grpc=127.0.0.1:0", "--ui=", "--data-dir=" + inUse}, "--data-dir " + inUse + ": another kelvin-temporal uses it"},
		"not a folder":     {[]string{"--grpc=127.0.0.1:0", "--ui=", "--data-dir=" + notAFolder}, "--data-dir " + notAFolder + ": not a directory"},
		"no such sync":     {[]string{"--sync=full"}, `--sync must be normal or off, not "full"`},
		"no namespace":     {[]string{"--namespace="}, `--namespace must not be ""`},
		"unknown argument": {[]string{"now"}, `unexpected argument "now"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := command(test.args...)
			log := new(syncBuffer)
			cmd.Stderr = log
			out, err := cmd.Output()
			require.Error(t, err)
			require.Equal(t, 1, cmd.ProcessState.ExitCode())
			require.Empty(t, out)
			require.Equal(t, "kelvin-temporal: "+test.want+"\n", log.String())
		})
	}
}

func TestADataFolderMustBeWritable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		// Root writes where modes forbid it, but not to the kernel's file system.
		cmd := command("--grpc=127.0.0.1:0", "--ui=", "--data-dir=/proc/kelvin")
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Equal(t, "kelvin-temporal: --data-dir /proc/kelvin: no such file or directory\n", string(out))
		return
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	out, err := command("--grpc=127.0.0.1:0", "--ui=", "--data-dir="+dir).CombinedOutput()
	require.Error(t, err)
	require.Equal(t, "kelvin-temporal: --data-dir "+dir+": not writable: permission denied\n", string(out))
}

func requireNamespaceAsWanted(t *testing.T, c client.Client, name string) {
	t.Helper()
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: name})
	require.NoError(t, err)
	require.Equal(t, 7*24*time.Hour, ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())

	attributes, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: name})
	require.NoError(t, err)
	require.Equal(t, map[string]enums.IndexedValueType{
		"AccountID":   enums.INDEXED_VALUE_TYPE_KEYWORD,
		"InstanceID":  enums.INDEXED_VALUE_TYPE_KEYWORD,
		"EndpointID":  enums.INDEXED_VALUE_TYPE_KEYWORD,
		"HostID":      enums.INDEXED_VALUE_TYPE_KEYWORD,
		"Operation":   enums.INDEXED_VALUE_TYPE_KEYWORD,
		"OperationID": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"Phase":       enums.INDEXED_VALUE_TYPE_KEYWORD,
		"Outcome":     enums.INDEXED_VALUE_TYPE_KEYWORD,
		"GPUCount":    enums.INDEXED_VALUE_TYPE_INT,
		"Deadline":    enums.INDEXED_VALUE_TYPE_DATETIME,
	}, attributes.GetCustomAttributes())
}

func mustGetJSON(t *testing.T, url string, into any) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
}

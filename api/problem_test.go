package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	require.Len(t, statuses, len(fleet.Codes))
	for _, code := range fleet.Codes {
		require.NotEmpty(t, http.StatusText(statuses[code]), code)
	}
}

// TestBadRequestsSayWhatIsWrongAndChangeNothing is a table of them. Each also holds a
// value that must not come back.
func TestBadRequestsSayWhatIsWrongAndChangeNothing(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "taken").ResourceID
	server := w.mustServer("alice", "box")
	i := server.ResourceID
	bobs := w.mustServer("bob", "private").ResourceID
	nobody := fleet.NewID("ins_", w.Store.Now())
	must[Operation](w, call{as: "alice", do: "POST /v1/endpoints", key: "spent", body: map[string]any{"name": "spent", "image": "a:1"}})

	endpoint := func(fields string) call {
		return call{as: "alice", do: "POST /v1/endpoints", key: "-", body: `{"name":"new","image":"a:1",` + fields + `}`}
	}
	instance := func(fields string) call {
		return call{as: "alice", do: "POST /v1/instances", key: "-", body: `{"name":"new","image":"a:1",` + fields + `}`}
	}
	get := func(path string) call { return call{as: "alice", do: "GET " + path} }
	post := func(path string, body any) call { return call{as: "alice", do: "POST " + path, key: "-", body: body} }
	const lower = "lower-case letters, digits and hyphens, at most 63"

	for name, bad := range map[string]struct {
		call
		status  int
		code    fleet.Code
		field   string
		allowed string
	}{
		// What is not JSON, or not of the right shape.
		"not JSON":             {post("/v1/endpoints", `{"name":`), 400, fleet.Invalid, "body", "a JSON object"},
		"no body":              {post("/v1/endpoints", nil), 400, fleet.Invalid, "body", "a JSON object"},
		"two objects":          {post("/v1/endpoints", `{} {}`), 400, fleet.Invalid, "body", "a JSON object"},
		"an array":             {post("/v1/endpoints", `["SECRET"]`), 422, fleet.Invalid, "body", "an object"},
		"another media type":   {call{as: "alice", do: "POST /v1/endpoints", key: "-", body: "name: SECRET", header: map[string]string{"Content-Type": "application/yaml"}}, 415, fleet.Invalid, "header.Content-Type", "application/json"},
		"a body too large":     {post("/v1/endpoints", `{"name":"`+strings.Repeat("SECRET", 200_000)+`"}`), 413, fleet.Invalid, "body", "at most 1 MiB"},
		"an unknown field":     {endpoint(`"worker":"SECRET"`), 422, fleet.Invalid, "body.worker", "active_workers, command, "},
		"a field in capitals":  {endpoint(`"Port":8080`), 422, fleet.Invalid, "body.Port", "port"},
		"an unknown parameter": {get("/v1/endpoints?nme=SECRET"), 422, fleet.Invalid, "query.nme", "name, all, limit, after"},

		// Types.
		"a number as a string":    {endpoint(`"port":"SECRET"`), 422, fleet.Invalid, "body.port", "1 to 65535"},
		"a fraction":              {endpoint(`"active_workers":1.5`), 422, fleet.Invalid, "body.active_workers", "0 to 1000"},
		"a string as a number":    {endpoint(`"gpu_type":17`), 422, fleet.Invalid, "body.gpu_type", "a string of at most 63 characters"},
		"an object as an array":   {instance(`"ports":{"SECRET":1}`), 422, fleet.Invalid, "body.ports", "an array of: an integer; at most 16"},
		"a string in an array":    {instance(`"ports":["SECRET"]`), 422, fleet.Invalid, "body.ports[0]", "an integer"},
		"a boolean as a string":   {instance(`"protected":"SECRET"`), 422, fleet.Invalid, "body.protected", "true, false"},
		"a variable as a number":  {endpoint(`"env":{"A":7}`), 422, fleet.Invalid, "body.env.A", "a string"},
		"a duration as a word":    {endpoint(`"drain_timeout":"SECRET"`), 422, fleet.Invalid, "body.drain_timeout", "a duration such as 30s or 1h30m"},
		"a time as a word":        {get("/v1/instances/" + i + "/logs?since=SECRET"), 422, fleet.Invalid, "query.since", "a duration such as 90m or 24h, or a time such as 2026-01-31T08:00:00Z"},
		"a time to come":          {get("/v1/endpoints/" + e + "/logs?until=-1h"), 422, fleet.Invalid, "query.until", "a duration such as 90m or 24h, or a time such as 2026-01-31T08:00:00Z"},
		"an end before the start": {get("/v1/instances/" + i + "/logs?since=1h&until=2h"), 422, fleet.Invalid, "query.until", "a time after since"},
		"an end to following":     {get("/v1/endpoints/" + e + "/logs?follow=true&until=1h"), 422, fleet.Invalid, "query.until", "one of both"},
		"a limit as a word":       {get("/v1/endpoints?limit=SECRET"), 422, fleet.Invalid, "query.limit", "1 to 500"},
		"a switch as a word":      {get("/v1/instances?servers=SECRET"), 422, fleet.Invalid, "query.servers", "true, false"},

		// Limits, of the schema and of fleet.
		"no name":               {post("/v1/endpoints", `{"image":"a:1"}`), 422, fleet.Invalid, "body.name", "1 to 128 characters"},
		"an empty name":         {post("/v1/endpoints", `{"image":"a:1","name":""}`), 422, fleet.Invalid, "body.name", "1 to 128 characters"},
		"a long name":           {post("/v1/endpoints", `{"image":"a:1","name":"`+strings.Repeat("x", 129)+`"}`), 422, fleet.Invalid, "body.name", "1 to 128 characters"},
		"a name of spaces":      {post("/v1/endpoints", `{"image":"a:1","name":"  "}`), 422, fleet.Invalid, "body.name", "a name without white space around it"},
		"no image":              {post("/v1/instances", `{"name":"new"}`), 422, fleet.Invalid, "body.image", "1 to 512 characters"},
		"an endpoint's image":   {post("/v1/endpoints", `{"name":"new"}`), 422, fleet.Invalid, "body.image", "name, name:tag or name@digest, at most 512 characters"},
		"an image with a blank": {endpoint(`"image":"SECRET image"`), 422, fleet.Invalid, "body.image", "name, name:tag or name@digest, at most 512 characters"},
		"nine GPUs":             {endpoint(`"gpus_per_worker":9`), 422, fleet.Invalid, "body.gpus_per_worker", "1 to 8"},
		"too many workers":      {endpoint(`"active_workers":1001`), 422, fleet.Invalid, "body.active_workers", "0 to 1000"},
		"more active than max":  {endpoint(`"active_workers":5,"max_workers":4`), 422, fleet.Invalid, "body.max_workers", "5 to 1000"},
		"port 0":                {endpoint(`"port":0`), 422, fleet.Invalid, "body.port", "1 to 65535"},
		"a port twice":          {instance(`"ports":[80,80]`), 422, fleet.Invalid, "body.ports[1]", "different ports"},
		"a drain of a day":      {endpoint(`"drain_timeout":"24h"`), 422, fleet.Invalid, "body.drain_timeout", "0s to 1h"},
		"a variable of ours":    {endpoint(`"env":{"NVIDIA_VISIBLE_DEVICES":"SECRET"}`), 422, fleet.Invalid, "body.env.NVIDIA_VISIBLE_DEVICES", "names other than NVIDIA_…, CUDA_VISIBLE_DEVICES and KELVIN_…"},
		"a volume nowhere":      {endpoint(`"volume":"data"`), 422, fleet.Invalid, "body.mount_path", "both or neither"},
		"a mount over /etc":     {instance(`"volume":"data","mount_path":"/etc/SECRET"`), 422, fleet.Invalid, "body.mount_path", "an absolute path without . or .., outside /proc, /sys, /dev, /etc and system folders"},
		"a data center's form":  {endpoint(`"data_center":"../SECRET"`), 422, fleet.Invalid, "body.data_center", lower},
		"no such data center":   {endpoint(`"data_center":"secret-west"`), 422, fleet.Invalid, "body.data_center", "us-east"},
		"no such quick deploy":  {endpoint(`"quick_deploy":"SECRET"`), 422, fleet.Invalid, "body.quick_deploy", "echo, vllm, sglang, ollama, comfyui, whisper"},
		"another data center":   {call{as: "alice", do: "PATCH /v1/endpoints/" + e, key: "-", body: `{"data_center":"us-west"}`}, 422, fleet.Invalid, "body.data_center", "us-east"},
		"an empty change":       {call{as: "alice", do: "PATCH /v1/endpoints/" + e, key: "-", body: `{}`}, 422, fleet.Invalid, "body", "an object"},
		"a change too far":      {call{as: "alice", do: "PATCH /v1/endpoints/" + e, key: "-", body: `{"max_workers":1001}`}, 422, fleet.Invalid, "body.max_workers", "1 to 1000"},
		"a change of nothing":   {call{as: "alice", do: "PATCH /v1/instances/" + i, key: "-", body: `{}`}, 422, fleet.Invalid, "body.protected", "true, false"},
		"a change of another":   {call{as: "alice", do: "PATCH /v1/instances/" + i, key: "-", body: `{"protected":true,"image":"SECRET"}`}, 422, fleet.Invalid, "body.image", "protected"},
		"a page of nothing":     {get("/v1/operations?limit=0"), 422, fleet.Invalid, "query.limit", "1 to 500"},
		"a page too long":       {get("/v1/instances?limit=501"), 422, fleet.Invalid, "query.limit", "1 to 500"},
		"a cursor made up":      {get("/v1/events?after=SECRET"), 422, fleet.Invalid, "query.after", "the next of the page before"},
		"a state made up":       {get("/v1/gpus?state=SECRET"), 422, fleet.Invalid, "query.state", "free, reserved, testing, assigned, scrubbing, resetting, quarantined, lost"},
		"an ID of another kind": {get("/v1/instances/" + e), 422, fleet.Invalid, "path.id", "an ID that begins with ins_"},
		"too many lines":        {get("/v1/instances/" + i + "/logs?tail=100001"), 422, fleet.Invalid, "query.tail", "0 to 100000"},

		// Keys and confirmations.
		"no idempotency key":       {call{as: "alice", do: "POST /v1/endpoints", body: `{"name":"new","image":"a:1"}`}, 422, fleet.Invalid, "header.Idempotency-Key", "1 to 255 printable ASCII characters, your own name for this request"},
		"a key too long":           {call{as: "alice", do: "POST /v1/instances/" + i + "/stop", key: strings.Repeat("k", 256)}, 422, fleet.Invalid, "header.Idempotency-Key", "1 to 255 printable ASCII characters, your own name for this request"},
		"a key in UTF-8":           {call{as: "alice", do: "POST /v1/instances/" + i + "/stop", key: "schlüssel"}, 422, fleet.Invalid, "header.Idempotency-Key", "1 to 255 printable ASCII characters, your own name for this request"},
		"a key used for another":   {call{as: "alice", do: "POST /v1/endpoints", key: "spent", body: `{"name":"other","image":"a:1"}`}, 409, fleet.Conflict, "", ""},
		"a confirmation too few":   {post("/v1/instances/"+i+"/terminate", `{}`), 422, fleet.Invalid, "body.confirm", "a string"},
		"a confirmation that errs": {post("/v1/instances/"+i+"/terminate", `{"confirm":"SECRET"}`), 422, fleet.Invalid, "body.confirm", "the instance's name"},
		"no confirmation":          {call{as: "alice", do: "DELETE /v1/instances/" + i, key: "-"}, 422, fleet.Invalid, "query.confirm", "a string"},
		"a wrong confirmation":     {call{as: "alice", do: "DELETE /v1/instances/" + i + "?confirm=SECRET", key: "-"}, 422, fleet.Invalid, "query.confirm", "the instance's name"},

		// What operations are asked with.
		"a hold made up":          {post("/v1/instances/"+i+"/stop", `{"hold":"SECRET"}`), 422, fleet.Invalid, "body.hold", "reserved, none"},
		"a stop with a host":      {post("/v1/instances/"+i+"/stop", `{"host_id":"SECRET"}`), 422, fleet.Invalid, "body.host_id", "hold"},
		"a start with a list":     {post("/v1/instances/"+i+"/start", `["SECRET"]`), 422, fleet.Invalid, "body", "an object"},
		"a host's form":           {post("/v1/instances/"+i+"/migrate", `{"host_id":"SECRET"}`), 422, fleet.Invalid, "body.host_id", "an ID that begins with hst_"},
		"a host elsewhere":        {post("/v1/instances/"+i+"/migrate", `{"host_id":"hst_SECRET"}`), 422, fleet.Invalid, "body.host_id", "a host of us-east"},
		"a host of bob's choice":  {call{as: "bob", do: "POST /v1/instances/" + bobs + "/migrate", key: "-", body: `{"host_id":"hst_SECRET"}`}, 403, fleet.Forbidden, "body.host_id", "none"},
		"a wait of a minute":      {post("/v1/instances/"+i+"/thaw", `{"wait":"SECRET"}`), 422, fleet.Invalid, "body.wait", "true, false"},
		"a rate below zero":       {post("/v1/instances/"+i+"/freeze", `{"rate_limit":-1}`), 422, fleet.Invalid, "body.rate_limit", "at least 0"},
		"a rate of a byte":        {post("/v1/instances/"+i+"/migrate", `{"rate_limit":1}`), 422, fleet.Invalid, "body.rate_limit", "0 for none, or at least 65536 bytes a second"},
		"a snapshot's form":       {post("/v1/instances/"+i+"/recover", `{"snapshot_id":"SECRET"}`), 422, fleet.Invalid, "body.snapshot_id", "an ID that begins with snp_"},
		"a snapshot of nobody":    {post("/v1/instances/"+i+"/recover", `{"snapshot_id":"snp_none"}`), 404, fleet.NotFound, "body.snapshot_id", "one that GET /v1/snapshots lists"},
		"a reset unconfirmed":     {post("/v1/instances/"+i+"/reset", `{"keep":"1h"}`), 422, fleet.Invalid, "body.confirm", "a string"},
		"a reset kept for ever":   {post("/v1/instances/"+i+"/reset", `{"confirm":"box","keep":"2161h"}`), 422, fleet.Invalid, "body.keep", "0s to 2160h, which is 90 days"},
		"a reset kept in days":    {post("/v1/instances/"+i+"/reset", `{"confirm":"box","keep":"SECRETd"}`), 422, fleet.Invalid, "body.keep", "a duration such as 30s or 1h30m"},
		"an end kept for ever":    {post("/v1/instances/"+i+"/terminate", `{"confirm":"box","keep":"2161h"}`), 422, fleet.Invalid, "body.keep", "0s to 2160h, which is 90 days"},
		"an end kept in words":    {call{as: "alice", do: "DELETE /v1/instances/" + i + "?confirm=box&keep=week", key: "-"}, 422, fleet.Invalid, "query.keep", "a duration such as 30s or 1h30m"},
		"an end kept for 91 days": {call{as: "alice", do: "DELETE /v1/instances/" + i + "?confirm=box&keep=2184h", key: "-"}, 422, fleet.Invalid, "query.keep", "0s to 2160h, which is 90 days"},

		"a plan of nothing":        {get("/v1/instances/" + i + "/plan"), 422, fleet.Invalid, "query.operation", "start, stop, freeze, thaw, migrate"},
		"a plan to terminate":      {get("/v1/instances/" + i + "/plan?operation=SECRET"), 422, fleet.Invalid, "query.operation", "start, stop, freeze, thaw, migrate"},
		"a plan for bob's host":    {call{as: "bob", do: "GET /v1/instances/" + bobs + "/plan?operation=migrate&host_id=" + w.hostID}, 403, fleet.Forbidden, "query.host_id", "none"},
		"a plan of another's":      {get("/v1/instances/" + bobs + "/plan?operation=migrate"), 404, fleet.NotFound, "", ""},
		"a retry of what is open":  {post("/v1/operations/"+server.ID+"/retry", nil), 409, fleet.Conflict, "", ""},
		"a retry of nothing":       {post("/v1/operations/op_none/retry", nil), 404, fleet.NotFound, "", ""},
		"a snapshot without key":   {call{as: "alice", do: "POST /v1/instances/" + i + "/snapshots"}, 422, fleet.Invalid, "header.Idempotency-Key", "1 to 255 printable ASCII characters, your own name for this request"},
		"a snapshot of a creation": {post("/v1/instances/"+i+"/snapshots", nil), 409, fleet.Conflict, "", ""},
		"snapshots of a word":      {get("/v1/snapshots?instance=SECRET"), 422, fleet.Invalid, "query.instance", "an ID that begins with ins_"},
		"a snapshot's ID":          {get("/v1/snapshots/SECRET"), 422, fleet.Invalid, "path.id", "an ID that begins with snp_"},
		"a lease's ID":             {call{as: "alice", do: "DELETE /v1/instances/" + i + "/kept/SECRET", key: "-"}, 422, fleet.Invalid, "path.lease", "a lease_id of the instance's kept"},

		// Conflicts.
		"a name that is taken":  {post("/v1/endpoints", `{"name":"taken","image":"a:1"}`), 409, fleet.Conflict, "body.name", ""},
		"a server's name":       {post("/v1/instances", `{"name":"box","image":"a:1"}`), 409, fleet.Conflict, "body.name", ""},
		"start while creating":  {post("/v1/instances/"+i+"/start", nil), 409, fleet.Conflict, "", ""},
		"change while creating": {call{as: "alice", do: "PATCH /v1/endpoints/" + e, key: "-", body: `{"max_workers":2}`}, 409, fleet.Conflict, "", ""},
		"a log of no container": {get("/v1/instances/" + i + "/logs"), 409, fleet.Conflict, "", ""},

		// Who asks, and for what.
		"nobody":                  {call{do: "GET /v1/endpoints"}, 401, fleet.Unauthenticated, "", ""},
		"a key made up":           {call{do: "GET /v1/endpoints", header: map[string]string{"Authorization": "Bearer kelvin_sk_SECRET"}}, 401, fleet.Unauthenticated, "", ""},
		"a password":              {call{do: "GET /v1/endpoints", header: map[string]string{"Authorization": "Basic SECRET"}}, 401, fleet.Unauthenticated, "", ""},
		"a host as a person":      {call{as: "host", do: "GET /v1/endpoints"}, 401, fleet.Unauthenticated, "", ""},
		"a person as a host":      {call{as: "alice", do: "POST /v1/agent/lease", body: `{}`}, 401, fleet.Unauthenticated, "", ""},
		"a gateway as a host":     {call{as: "gateway", do: "GET /v1/agent/leases/op_SECRET"}, 401, fleet.Unauthenticated, "", ""},
		"a host as a gateway":     {call{as: "host", do: "GET /v1/gateway/routes"}, 401, fleet.Unauthenticated, "", ""},
		"a session made up":       {call{do: "POST /v1/session", body: `{"key":"kelvin_sk_SECRET"}`}, 401, fleet.Unauthenticated, "", ""},
		"a viewer who creates":    {call{as: "viewer", do: "POST /v1/endpoints", key: "-", body: `{"name":"new","image":"a:1"}`}, 403, fleet.Forbidden, "", ""},
		"a protection unnamed":    {call{as: "alice", do: "PATCH /v1/instances/" + i, body: `{"protected":true}`}, 422, fleet.Invalid, "header.Idempotency-Key", "1 to 255 printable ASCII characters, your own name for this request"},
		"a viewer who protects":   {call{as: "viewer", do: "PATCH /v1/instances/" + i, key: "-", body: `{"protected":true}`}, 403, fleet.Forbidden, "", ""},
		"a viewer who cordons":    {call{as: "viewer", do: "POST /v1/hosts/" + w.hostID + "/cordon", key: "-"}, 403, fleet.Forbidden, "", ""},
		"a viewer who drains":     {call{as: "viewer", do: "POST /v1/hosts/" + w.hostID + "/drain", key: "-"}, 403, fleet.Forbidden, "", ""},
		"a customer who drains":   {call{as: "bob", do: "POST /v1/hosts/" + w.hostID + "/drain", key: "-"}, 403, fleet.Forbidden, "", ""},
		"a customer who retires":  {call{as: "bob", do: "POST /v1/hosts/" + w.hostID + "/retire", key: "-"}, 403, fleet.Forbidden, "", ""},
		"a drain of nothing":      {post("/v1/hosts/hst_SECRET/drain", nil), 404, fleet.NotFound, "", ""},
		"a drain of all at once":  {post("/v1/hosts/"+w.hostID+"/drain", `{"parallel":65}`), 422, fleet.Invalid, "body.parallel", "1 to 64"},
		"a viewer who preempts":   {call{as: "viewer", do: "POST /v1/hosts/" + w.hostID + "/preempt", key: "-"}, 403, fleet.Forbidden, "", ""},
		"a customer who preempts": {call{as: "bob", do: "DELETE /v1/hosts/" + w.hostID + "/preempt", key: "-"}, 403, fleet.Forbidden, "", ""},
		"a notice of nothing":     {post("/v1/hosts/hst_SECRET/preempt", nil), 404, fleet.NotFound, "", ""},
		"a notice of days":        {post("/v1/hosts/"+w.hostID+"/preempt", `{"in":"25h"}`), 422, fleet.Invalid, "body.in", "0s to 24h"},
		"a notice in words":       {post("/v1/hosts/"+w.hostID+"/preempt", `{"in":"SECRET"}`), 422, fleet.Invalid, "body.in", "a duration such as 30s or 1h30m"},
		"a notice of rumours":     {post("/v1/hosts/"+w.hostID+"/preempt", `{"kind":"SECRET"}`), 422, fleet.Invalid, "body.kind", "preempt, rebalance"},
		"hosts of a market":       {get("/v1/hosts?market=SECRET"), 422, fleet.Invalid, "query.market", "on-demand, spot"},
		"a server of a market":    {instance(`"market":"SECRET"`), 422, fleet.Invalid, "body.market", "on-demand, spot"},
		"a drain without a key":   {call{as: "alice", do: "POST /v1/hosts/" + w.hostID + "/drain"}, 422, fleet.Invalid, "header.Idempotency-Key", "1 to 255 printable ASCII characters, your own name for this request"},
		"a retirement in words":   {post("/v1/hosts/"+w.hostID+"/retire", `{"discard_kept":"SECRET"}`), 422, fleet.Invalid, "body.discard_kept", "true, false"},
		"a customer in the fleet": {call{as: "bob", do: "GET /v1/hosts"}, 403, fleet.Forbidden, "", ""},
		"another's instance":      {get("/v1/instances/" + bobs), 404, fleet.NotFound, "", ""},
		"another's to terminate":  {post("/v1/instances/"+bobs+"/terminate", `{"confirm":"private"}`), 404, fleet.NotFound, "", ""},
		"no such instance":        {post("/v1/instances/"+nobody+"/stop", nil), 404, fleet.NotFound, "", ""},
		"no such operation":       {get("/v1/operations/op_SECRET"), 404, fleet.NotFound, "", ""},
		"no such host":            {post("/v1/hosts/hst_SECRET/cordon", nil), 404, fleet.NotFound, "", ""},
		"no such template":        {get("/v1/templates/SECRET"), 404, fleet.NotFound, "", ""},
		"a template of nothing":   {post("/v1/templates", `{"name":"tools"}`), 422, fleet.Invalid, "body.steps", "at least one step or service"},
		"a template like ours":    {post("/v1/templates", `{"name":"ssh","steps":[{"name":"a","command":"SECRET"}]}`), 422, fleet.Invalid, "body.name", "another name"},
		"a step for ever":         {post("/v1/templates", `{"name":"tools","steps":[{"name":"a","command":"SECRET","timeout":"2h"}]}`), 422, fleet.Invalid, "body.steps[0].timeout", "1s to 1h"},
		"a step without command":  {post("/v1/templates", `{"name":"tools","steps":[{"name":"a"}]}`), 422, fleet.Invalid, "body.steps[0].command", ""},
		"an unknown template":     {instance(`"templates":[{"name":"SECRET"}]`), 422, fleet.Invalid, "body.templates[0].name", "lower-case"},
		"one that is not there":   {instance(`"templates":[{"name":"none"}]`), 422, fleet.Invalid, "body.templates[0].name", "a name that GET /v1/templates lists"},
		"a missing parameter":     {instance(`"templates":[{"name":"ssh"}]`), 422, fleet.Invalid, "body.templates[0].parameters.keys", "Public keys, one a line, as in id_ed25519.pub"},
		"a bad parameter":         {instance(`"templates":[{"name":"jupyter","parameters":{"token":"SECRET; rm -rf"}}]`), 422, fleet.Invalid, "body.templates[0].parameters.token", "What lets a browser in"},
		"an unknown parameter of": {instance(`"templates":[{"name":"hello","parameters":{"SECRET":"x"}}]`), 422, fleet.Invalid, "body.templates[0].parameters", "greeting"},
		"the built-in, deleted":   {call{as: "alice", do: "DELETE /v1/templates/ssh", key: "-"}, 409, fleet.Conflict, "", ""},
		"attach while it is made": {post("/v1/instances/"+i+"/templates/hello", nil), 409, fleet.Conflict, "", ""},
		"no such entry":           {get("/v1/quick-deploys/SECRET"), 404, fleet.NotFound, "", ""},
		"no such route":           {get("/v1/SECRET"), 404, fleet.NotFound, "", ""},
		"no such page":            {get("/SECRET"), 404, fleet.NotFound, "", ""},
		"no such method":          {call{as: "alice", do: "PUT /v1/endpoints"}, 405, fleet.Invalid, "", ""},
		"a tunnel without":        {call{as: "host", do: "GET /v1/agent/tunnel"}, 422, fleet.Invalid, "header.Upgrade", "websocket"},
		"a report of a word":      {call{as: "host", do: "POST /v1/agent/lease", body: `{"port_first":"SECRET"}`}, 422, fleet.Invalid, "body.port_first", "an integer"},
		"routes of no version":    {call{as: "gateway", do: "GET /v1/gateway/routes?version=-1"}, 422, fleet.Invalid, "query.version", "an integer, at least 0"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.census()
			got := w.call(bad.call)
			require.Equal(t, bad.status, got.status, string(got.body))
			p := got.problem(t)
			require.Equal(t, bad.code, p.Code, string(got.body))
			require.NotEmpty(t, p.Detail)
			require.Equal(t, "urn:kelvin:problem:"+string(p.Code), p.Type)
			if bad.field != "" {
				require.NotEmpty(t, p.Fields, string(got.body))
				require.Equal(t, bad.field, p.Fields[0].Field, string(got.body))
				require.NotEmpty(t, p.Fields[0].Message)
				require.Contains(t, p.Fields[0].Allowed, bad.allowed, string(got.body))
			}
			if !strings.Contains(bad.do, "SECRET") { // a path's own words may come back
				require.NotContains(t, string(got.body), "SECRET")
			}
			require.Equal(t, before, w.census())
		})
	}
	require.Len(t, w.started.starts, 4, "the ones that were fine")
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	got := w.call(call{as: "alice", do: "POST /v1/endpoints", key: "-", body: `{"name":"x","image":"a:1","port":0,"gpus_per_worker":9,"nonsense":1}`})
	p := got.problem(t)
	fields := make([]string, len(p.Fields))
	for i, f := range p.Fields {
		fields[i] = f.Field
	}
	require.Equal(t, []string{"body.gpus_per_worker", "body.nonsense", "body.port"}, fields)
	require.Equal(t, "body.gpus_per_worker is out of range; allowed: 1 to 8 (and 2 more)", p.Detail)
}

func TestConflictNamesTheOperationInTheWay(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := w.mustServer("alice", "box")
	p := w.call(call{as: "alice", do: "POST /v1/instances/" + op.ResourceID + "/restart", key: "-"}).problem(t)
	require.Equal(t, op.ID, p.Operation)
}

func TestErrorsOfOursAreNotShown(t *testing.T) {
	t.Parallel()
	secret := fmt.Errorf("dial postgres://kelvin:SECRET@db: %w", http.ErrServerClosed)
	p := problemOf(t.Context(), secret)
	require.Equal(t, http.StatusInternalServerError, p.Status)
	require.NotContains(t, p.Detail, "SECRET")
	p = problemOf(t.Context(), fmt.Errorf("store: %w", &fleet.Error{Code: fleet.Internal, Message: "SECRET"}))
	require.NotContains(t, p.Detail, "SECRET")

	p = problemOf(t.Context(), fmt.Errorf("place: %w", &fleet.Error{Code: fleet.Exhausted, Message: "no GPU is free"}))
	require.Equal(t, http.StatusServiceUnavailable, p.Status)
	require.Equal(t, "30", p.GetHeaders().Get("Retry-After"))
}

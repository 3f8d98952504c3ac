package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

var update = flag.Bool("update", false, "write api/openapi.json anew")

// mustDocument is the OpenAPI document as the server serves it, indented.
func mustDocument(t *testing.T) []byte {
	t.Helper()
	s := &Server{Logger: discard()}
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, answer.Body.Bytes(), "", "  "))
	out.WriteByte('\n')
	return out.Bytes()
}

func TestOpenAPIDocumentIsTheOneInTheRepository(t *testing.T) {
	t.Parallel()
	document := mustDocument(t)
	if *update {
		require.NoError(t, os.WriteFile("openapi.json", document, 0o644))
	}
	golden, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.Equal(t, string(golden), string(document), "the API has changed: go test ./api -run TestOpenAPI -update")
}

func TestOpenAPISaysWhatEveryRouteIsAndHowItFails(t *testing.T) {
	t.Parallel()
	type answer struct {
		Content map[string]struct{ Schema map[string]any }
	}
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string
			Description string
			Parameters  []struct{ Name, Description, In string }
			Security    []map[string][]string
			Responses   map[string]answer
		}
	}
	require.NoError(t, json.Unmarshal(mustDocument(t), &document))
	ids := map[string]bool{}
	for path, methods := range document.Paths {
		for method, op := range methods {
			where := method + " " + path
			require.Regexp(t, regexp.MustCompile(`^[a-z][a-zA-Z]+$`), op.OperationID, where)
			require.False(t, ids[op.OperationID], "%s: %s is there twice", where, op.OperationID)
			ids[op.OperationID] = true
			require.NotEmpty(t, op.Summary, where)
			require.Regexp(t, `\.$`, op.Description, where)
			for _, p := range op.Parameters {
				require.NotEmpty(t, p.Description, "%s: %s", where, p.Name)
			}
			statuses := []string{"500", "503"}
			if op.Security != nil {
				statuses = append(statuses, "401", "403")
			}
			for _, status := range statuses {
				require.Equal(t, "#/components/schemas/Problem", op.Responses[status].Content["application/problem+json"].Schema["$ref"], "%s: %s", where, status)
			}
		}
	}
	require.GreaterOrEqual(t, len(ids), 40)
}

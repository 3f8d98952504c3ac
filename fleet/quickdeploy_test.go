package fleet

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuickDeploysAreValidAndPinned(t *testing.T) {
	t.Parallel()
	for _, q := range QuickDeploys {
		require.NoError(t, q.Spec.Defaults().Validate(q.Title), q.Name)
		tag := q.Spec.Image[strings.LastIndexByte(q.Spec.Image, ':')+1:]
		require.True(t, q.Verified || tag != "latest", "%s is not pinned", q.Name)
		require.NotEmpty(t, q.Description, q.Name)
		for _, name := range q.Fill {
			require.Contains(t, q.Spec.Env, name, q.Name)
		}
		found, ok := FindQuickDeploy(q.Name)
		require.True(t, ok)
		require.Equal(t, q.Title, found.Title)
	}
	_, ok := FindQuickDeploy("nothing")
	require.False(t, ok)
}

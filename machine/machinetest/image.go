package machinetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// absent is an image that no machine has.
const absent = "sha256:0000000000000000000000000000000000000000000000000000000000000001"

// mustSave makes an image of the test's own and returns its reference, its ID and its saved
// form.
func (h *host) mustSave(t *testing.T) (ref, id string, saved []byte) {
	t.Helper()
	ref = h.fixture.Fresh(t)
	require.NoError(t, h.Pull(t.Context(), ref, nil))
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.Spec.Image = ref })
	id = h.mustInspect(t, c).ImageID
	require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
	require.True(t, h.mustHave(t, id))
	stream, err := h.SaveImage(t.Context(), id)
	require.NoError(t, err)
	defer stream.Close()
	saved, err = io.ReadAll(stream)
	require.NoError(t, err)
	require.NotEmpty(t, saved)
	return ref, id, saved
}

func (h *host) mustHave(t *testing.T, id string) bool {
	t.Helper()
	here, err := h.HasImage(t.Context(), id)
	require.NoError(t, err)
	return here
}

func imageComesBack(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	_, id, saved := h.mustSave(t)
	f.Forget(t, id)
	require.False(t, h.mustHave(t, id))
	_, err := h.SaveImage(t.Context(), id)
	requireCode(t, fleet.NotFound, err)

	// Several instances may thaw at once.
	var all sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		all.Go(func() { errs[i] = h.LoadImage(t.Context(), id, bytes.NewReader(saved)) })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	require.True(t, h.mustHave(t, id))
	again, err := h.SaveImage(t.Context(), id)
	require.NoError(t, err)
	defer again.Close()
	body, err := io.ReadAll(again)
	require.NoError(t, err)
	require.Len(t, body, len(saved))
}

func imageNameless(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	ref, id, saved := h.mustSave(t)
	pinned := func(c *fleet.ContainerSpec) { c.ImageID, c.Spec.Image = id, f.Missing }
	f.Forget(t, id)
	c := h.spec(t)
	pinned(&c)
	requireCode(t, fleet.NotFound, h.Create(t.Context(), c))
	require.Empty(t, f.Left(t, h.id))
	require.NoError(t, h.LoadImage(t.Context(), id, bytes.NewReader(saved)))
	c = h.spec(t)
	c.Spec.Image = ref
	requireCode(t, fleet.NotFound, h.Create(t.Context(), c))

	c = h.mustStart(t, pinned)
	require.Equal(t, id, h.mustInspect(t, c).ImageID)
	require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
	c.ImageID = "kelvin/echo:latest"
	requireCode(t, fleet.Invalid, h.Create(t.Context(), c))
}

func imageDamaged(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	_, id, saved := h.mustSave(t)
	f.Forget(t, id)
	broken := errors.New("the archive went away")
	require.ErrorIs(t, h.LoadImage(t.Context(), id, io.MultiReader(bytes.NewReader(saved[:len(saved)/2]), iotest.ErrReader(broken))), broken)
	for name, stream := range map[string][]byte{
		"nothing": nil, "no image": []byte("no image"), "the first half": saved[:len(saved)/2],
		"a byte changed": append(append(bytes.Clone(saved[:len(saved)/2]), saved[len(saved)/2]^1), saved[len(saved)/2+1:]...),
	} {
		err := h.LoadImage(t.Context(), id, bytes.NewReader(stream))
		require.Error(t, err, name)
		require.Equal(t, fleet.Invalid, fleet.CodeOf(err), "%s: %v", name, err)
		require.False(t, h.mustHave(t, id), name)
	}
	err := h.LoadImage(t.Context(), absent, bytes.NewReader(saved))
	requireCode(t, fleet.Invalid, err)
	require.False(t, h.mustHave(t, id), "it is not loaded under another's ID")

	ctx, cancel := context.WithCancel(t.Context())
	never, writer := io.Pipe()
	defer writer.Close()
	go func() {
		_, _ = writer.Write(saved[:10])
		cancel()
	}()
	require.ErrorIs(t, h.LoadImage(ctx, id, never), context.Canceled)
	require.NoError(t, h.LoadImage(t.Context(), id, bytes.NewReader(saved)), "and then whole")
	f.Forget(t, id)
}

func imageRepeats(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, nil)
	id := h.mustInspect(t, c).ImageID
	require.NoError(t, h.LoadImage(t.Context(), id, iotest.ErrReader(errors.New("it was read"))))
}

func imageInvalid(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	for _, id := range []string{"", f.Image, "sha256:12", strings.ToUpper(absent), absent[len("sha256:"):], "../" + absent} {
		_, err := h.HasImage(t.Context(), id)
		requireCode(t, fleet.Invalid, err)
		_, err = h.SaveImage(t.Context(), id)
		requireCode(t, fleet.Invalid, err)
		requireCode(t, fleet.Invalid, h.LoadImage(t.Context(), id, strings.NewReader("")))
	}
	require.False(t, h.mustHave(t, absent))
}

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	docker "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// awkward writes files of all kinds into a folder of a container: many of them, of a size in
// all, with what file systems can do to names, modes, owners, times and links.
func awkward(t testing.TB, engine *docker.Client, id, dir string, files int, size int64) {
	t.Helper()
	in, out := io.Pipe()
	go func() {
		w := tar.NewWriter(out)
		rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // files, not secrets
		at := time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
		put := func(h tar.Header, content []byte) {
			h.Size, h.ModTime, h.Format = int64(len(content)), at, tar.FormatPAX
			if err := w.WriteHeader(&h); err != nil {
				_ = out.CloseWithError(err)
			}
			if _, err := w.Write(content); err != nil {
				_ = out.CloseWithError(err)
			}
		}
		bytes := make([]byte, size/int64(files))
		for i := range files {
			at = at.Add(time.Second)
			for j := 0; j+8 <= len(bytes); j += 8 {
				v := rnd.Uint64()
				for k := range 8 {
					bytes[j+k] = byte(v >> (8 * k))
				}
			}
			put(tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("many/%03d/file %d", i%100, i), Mode: []int64{0o644, 0o600, 0o4755, 0o2750, 0o444}[i%5], Uid: i % 3 * 1000, Gid: i % 2 * 500}, bytes)
		}
		put(tar.Header{Typeflag: tar.TypeDir, Name: "empty/", Mode: 0o1777}, nil)
		put(tar.Header{Typeflag: tar.TypeDir, Name: "closed/", Mode: 0o700, Uid: 12345, Gid: 54321}, nil)
		put(tar.Header{Typeflag: tar.TypeReg, Name: "closed/inside", Mode: 0}, []byte("unreadable"))
		put(tar.Header{Typeflag: tar.TypeReg, Name: "new\nline", Mode: 0o644}, []byte("a"))
		put(tar.Header{Typeflag: tar.TypeReg, Name: "not utf-8 \xff\xfe", Mode: 0o644}, []byte("b"))
		put(tar.Header{Typeflag: tar.TypeReg, Name: strings.Repeat("x", 255), Mode: 0o644}, []byte("c"))
		put(tar.Header{Typeflag: tar.TypeReg, Name: "-rf", Mode: 0o644}, nil)
		put(tar.Header{Typeflag: tar.TypeReg, Name: "linked", Mode: 0o644}, []byte("one of three"))
		put(tar.Header{Typeflag: tar.TypeLink, Name: "linked 2", Linkname: dir + "/linked"}, nil)
		put(tar.Header{Typeflag: tar.TypeLink, Name: "empty/linked 3", Linkname: dir + "/linked"}, nil)
		put(tar.Header{Typeflag: tar.TypeSymlink, Name: "to nowhere", Linkname: "/no/such/file", Mode: 0o777}, nil)
		put(tar.Header{Typeflag: tar.TypeSymlink, Name: "to the world", Linkname: "../../../../etc/passwd", Mode: 0o777}, nil)
		put(tar.Header{Typeflag: tar.TypeFifo, Name: "pipe", Mode: 0o640}, nil)
		put(tar.Header{Typeflag: tar.TypeReg, Name: "capable", Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}}, []byte("cap_net_bind_service"))
		_ = out.CloseWithError(w.Close())
	}()
	// Links are named from the root of the container.
	root := strings.TrimPrefix(dir, "/")
	through := rename(in, root)
	require.NoError(t, engine.CopyToContainer(t.Context(), id, "/", through, container.CopyToContainerOptions{CopyUIDGID: true}))
}

// rename puts all names of an archive below a folder.
func rename(in io.Reader, root string) io.Reader {
	r, out := io.Pipe()
	go func() {
		from, to := tar.NewReader(in), tar.NewWriter(out)
		for {
			h, err := from.Next()
			if errors.Is(err, io.EOF) {
				_ = out.CloseWithError(to.Close())
				return
			}
			if err == nil {
				h.Name = root + "/" + h.Name
				h.Linkname = strings.TrimPrefix(h.Linkname, "/"+root+"/")
				if h.Typeflag == tar.TypeLink {
					h.Linkname = root + "/" + h.Linkname
				}
				err = to.WriteHeader(h)
			}
			if err == nil {
				_, err = io.Copy(to, from) //nolint:gosec // our own
			}
			if err != nil {
				_ = out.CloseWithError(err)
				return
			}
		}
	}()
	return r
}

// sparse makes a sparse file and sets a time with nanoseconds, from outside.
func sparse(t testing.TB, dir string) {
	t.Helper()
	path := filepath.Join(dir, "sparse")
	f, err := os.Create(path)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("in the middle of nowhere"), 64<<20)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(128<<20))
	require.NoError(t, f.Close())
	at := time.Date(2001, 2, 3, 4, 5, 6, 123456789, time.UTC)
	require.NoError(t, os.Chtimes(path, at, at))
	require.NoError(t, unix.Setxattr(path, "user.note", []byte("kept"), 0))
}

// where are the folders of a container's disk and of what it changed in its root filesystem.
func where(t testing.TB, engine *docker.Client, lease string) map[string]string {
	t.Helper()
	c, err := engine.ContainerInspect(context.WithoutCancel(t.Context()), "kelvin-"+lease)
	require.NoError(t, err)
	dirs := map[string]string{"root": c.GraphDriver.Data["UpperDir"]}
	for _, m := range c.Mounts {
		if m.Name == "kelvin-"+lease {
			dirs["data"] = m.Source
		}
	}
	require.NotEmpty(t, dirs["root"])
	require.NotEmpty(t, dirs["data"])
	return dirs
}

// picture describes every file of a tree, by name: kind, mode, owner, time, content, links,
// attributes. Names below skip are left out.
func picture(t testing.TB, dir string, skip ...string) map[string]string {
	t.Helper()
	files, inodes := map[string]string{}, map[uint64]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		for _, s := range skip {
			if name == s || strings.HasPrefix(name, s+"/") {
				return nil
			}
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%o %d:%d", st.Mode, st.Uid, st.Gid)
		if !d.IsDir() || name != "." {
			fmt.Fprintf(&b, " %d.%09d", st.Mtim.Sec, st.Mtim.Nsec)
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			h := sha256.New()
			if _, err := io.Copy(h, f); err != nil {
				return err
			}
			_ = f.Close()
			fmt.Fprintf(&b, " %d %s", st.Size, hex.EncodeToString(h.Sum(nil)))
			if st.Nlink > 1 {
				if first := inodes[st.Ino]; first != "" {
					fmt.Fprintf(&b, " is %q", first)
				} else {
					inodes[st.Ino] = name
				}
			}
		case unix.S_IFLNK:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " -> %q", to)
		case unix.S_IFCHR, unix.S_IFBLK:
			fmt.Fprintf(&b, " device %d", st.Rdev)
		}
		buf := make([]byte, 4096)
		if n, err := unix.Llistxattr(path, buf); err == nil {
			for attr := range strings.SplitSeq(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00") {
				if attr == "" || attr == "trusted.overlay.origin" || attr == "trusted.overlay.impure" { // the kernel's own hints
					continue
				}
				value := make([]byte, 4096)
				if n, err := unix.Lgetxattr(path, attr, value); err == nil {
					fmt.Fprintf(&b, " %s=%x", attr, value[:n])
				}
			}
		}
		files[name] = b.String()
		return nil
	}))
	return files
}

// requireSame compares two pictures, and shows what differs.
func requireSame(t testing.TB, want, got map[string]string) {
	t.Helper()
	var differ []string
	for name, w := range want {
		if g := got[name]; g != w {
			differ = append(differ, fmt.Sprintf("%q\n  was %s\n  is  %s", name, w, g))
		}
	}
	for name, g := range got {
		if _, ok := want[name]; !ok {
			differ = append(differ, fmt.Sprintf("%q is new: %s", name, g))
		}
	}
	if len(differ) > 20 {
		differ = append(differ[:20], fmt.Sprintf("… and %d more", len(differ)-20))
	}
	require.Empty(t, differ)
}

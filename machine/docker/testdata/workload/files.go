package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// awkward makes files of every kind in a folder, and changes and removes those that the
// image has there.
func awkward(dir string) error {
	in := func(name string) string { return filepath.Join(dir, name) }
	long := strings.Repeat("long", 64)[:255]
	steps := []error{
		os.WriteFile(in("new"), []byte("new"), 0o640),
		os.Link(in("new"), in("new again")),
		os.WriteFile(in("set-user"), []byte("suid"), 0o755),
		os.Chmod(in("set-user"), 0o755|fs.ModeSetuid),
		os.WriteFile(in("theirs"), []byte("theirs"), 0o600),
		os.Chown(in("theirs"), 1000, 1000),
		os.Mkdir(in("their folder"), 0o755),
		os.Chown(in("their folder"), 1000, 2000),
		os.Chmod(in("their folder"), 0o775|fs.ModeSetgid),
		os.Mkdir(in("empty"), 0o700|fs.ModeSticky),
		os.Symlink("nowhere", in("dangling")),
		os.Symlink("/etc", in("absolute")),
		os.Lchown(in("absolute"), 1000, 1000),
		syscall.Mkfifo(in("fifo"), 0o600),
		os.WriteFile(in("line\nbreak"), []byte("odd"), 0o600),
		os.WriteFile(in("not \xff\xfe UTF-8"), []byte("odd"), 0o600),
		os.WriteFile(in(long), []byte("long"), 0o600),
		os.WriteFile(in("attributed"), []byte("attributed"), 0o600),
		unix.Setxattr(in("attributed"), "user.kelvin", []byte("kept"), 0),
		os.WriteFile(in("sparse"), []byte("sparse"), 0o600),
		os.Truncate(in("sparse"), 100<<20),
		os.WriteFile(in("old"), []byte("old"), 0o600),
		os.Chtimes(in("old"), time.Unix(1, 0), time.Unix(1_000_000_000, 123_456_789)),

		// Of the image's files:
		os.WriteFile(in("image/config"), []byte("changed"), 0o644),
		os.Chmod(in("image/mode"), 0o751),
		os.Remove(in("image/removed")),
		os.RemoveAll(in("image/removed folder")),
		os.Rename(in("image/from"), in("image/to")),
		os.RemoveAll(in("image/again")),
		os.Mkdir(in("image/again"), 0o711),
		os.WriteFile(in("image/again/other"), []byte("other"), 0o600),
	}
	return errors.Join(steps...)
}

// describe prints all there is to say about the files of a folder but what the engine puts
// into every container.
func describe(dir string) error {
	first := map[uint64]string{}
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains([]string{"/proc", "/sys", "/dev", "/tmp"}, name) {
			return fs.SkipDir
		}
		if slices.Contains([]string{"/etc/hosts", "/etc/hostname", "/etc/mtab", "/etc/resolv.conf", "/.dockerenv"}, name) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		line := fmt.Sprintf("%q %s %d:%d %s", name, info.Mode(), stat.Uid, stat.Gid, info.ModTime().UTC().Format(time.RFC3339Nano))
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(name)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" -> %q", to)
		case info.Mode().IsRegular():
			sum, err := digest(name)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d bytes %s", info.Size(), sum)
			if stat.Nlink > 1 {
				if first[stat.Ino] == "" {
					first[stat.Ino] = name
				}
				line += fmt.Sprintf(" %d links, as %q", stat.Nlink, first[stat.Ino])
			}
			if stat.Blocks*512 < info.Size()/2 {
				line += " sparse"
			}
		}
		fmt.Println(line, attributes(name))
		return nil
	})
}

func digest(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	return fmt.Sprintf("%x", hash.Sum(nil)[:8]), err
}

func attributes(name string) string {
	names := make([]byte, 4096)
	n, err := unix.Llistxattr(name, names)
	if err != nil {
		return ""
	}
	var all []string
	for _, a := range strings.FieldsFunc(string(names[:n]), func(r rune) bool { return r == 0 }) {
		value := make([]byte, 4096)
		n, err := unix.Lgetxattr(name, a, value)
		if err != nil {
			return err.Error()
		}
		all = append(all, fmt.Sprintf("%s=%q", a, value[:n]))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

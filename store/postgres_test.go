package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
)

// server is the Postgres of this test binary: a real one, started when the first test asks
// for it, in a folder of its own, reached through a socket there.
var server postgresServer

type postgresServer struct {
	once   sync.Once
	err    error
	dir    string
	admin  *sqlx.DB
	output bytes.Buffer
	quit   chan struct{} // closed: stop
	ended  chan error    // the process has
}

// start starts the server once, and returns a connection to it.
func (p *postgresServer) start() (*sqlx.DB, error) {
	p.once.Do(func() { p.err = p.run() })
	return p.admin, p.err
}

func (p *postgresServer) url(database string) string {
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: url.Values{"host": {p.dir}, "user": {"kelvin"}}.Encode()}).String()
}

func (p *postgresServer) run() (err error) {
	bin, err := serverPrograms()
	if err != nil {
		return err
	}
	// Not t.TempDir, nor below it: a socket's path may have 107 bytes, and the server's
	// user must be able to reach it.
	if p.dir, err = os.MkdirTemp("/tmp", "kelvin-pg-"); err != nil {
		return err
	}
	attr := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // the server refuses root
		if attr.Credential, err = unprivileged(); err != nil {
			return err
		}
		if err := os.Chown(p.dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "kelvin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = p.dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	postgres := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", p.dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=400", "-c", "deadlock_timeout=100ms")
	dying := *attr
	dieWithParent(&dying)
	postgres.Dir, postgres.SysProcAttr, postgres.Stdout, postgres.Stderr = p.dir, &dying, &p.output, &p.output
	p.quit, p.ended = make(chan struct{}), make(chan error, 1)
	started := make(chan error)
	go p.attend(postgres, started)
	if err := <-started; err != nil {
		return err
	}
	return p.connect()
}

// attend starts the process, and stops it in the end. It keeps its thread: the kernel takes
// the death of the thread that started a child for that of its parent.
func (p *postgresServer) attend(postgres *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := postgres.Start()
	started <- err
	if err != nil {
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- postgres.Wait() }()
	select {
	case <-p.quit:
		_ = postgres.Process.Signal(syscall.SIGINT) // a fast shutdown; if it has ended already, all the better
		p.ended <- <-ended
	case err := <-ended:
		p.ended <- fmt.Errorf("postgres ended by itself: %w", errors.Join(err, errors.New(p.output.String())))
	}
}

// connect waits until the server answers.
func (p *postgresServer) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var err error
	if p.admin, err = sqlx.Open("pgx", p.url("postgres")); err != nil {
		return err
	}
	for {
		if err = p.admin.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case err := <-p.ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop stops the server, if it was started, and removes its folder.
func (p *postgresServer) stop() {
	if p.admin != nil {
		_ = p.admin.Close() // the server goes anyway
		close(p.quit)
		<-p.ended
	}
	if p.dir != "" {
		_ = os.RemoveAll(p.dir) // in /tmp, and of a test
	}
}

// serverPrograms is the folder of initdb and postgres.
func serverPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err != nil { // postgres lies beside the real one
			return "", err
		}
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", errors.New("these tests need PostgreSQL's server programs: install the package postgresql (deploy/setup/postgres.sh does)")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// unprivileged are the credentials of postgres or nobody.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("postgres refuses to run as root, and there is no user postgres or nobody")
}

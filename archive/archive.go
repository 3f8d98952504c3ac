package archive

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/format"
	"github.com/zeebo/blake3"
	"golang.org/x/time/rate"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// What a new repository is made with: docs/decisions/0010-archive-format.md says why.
const (
	hashing    = "BLAKE3-256-128"
	encryption = "AES256-GCM-HMAC-SHA256"

	// MinKey is the least length of Options.Key.
	MinKey = 16

	// The work factor of the keys made from Options.Key, as OWASP advises for PBKDF2-SHA256.
	keyRounds = 600_000

	// How much of a distant storage a host keeps, of contents and of indexes each.
	cacheBytes = 2 << 30
)

// Options say where an archive is and how it is used.
type Options struct {
	// URL is the storage: file:///directory, s3://bucket/prefix?endpoint=host:port&region=name
	// (tls=off for plain HTTP; credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or
	// the machine's role), or kopia:///file.json: another storage that kopia has, as its
	// connection in JSON {"type": "azureBlob", "config": {…}}. There are azureBlob, b2, filesystem,
	// rclone, s3, sftp and webdav; Google's speaks S3, too (endpoint=storage.googleapis.com).
	URL string

	// Key encrypts everything. All who share a storage have the same one, and what was saved
	// is lost with it. MinKey bytes at least; `openssl rand -base64 32` makes a good one.
	Key string

	// CacheDir is a directory of this host: what is known of the files on it, so that they are
	// not read again, and a cache of the archive's index.
	CacheDir string

	RateLimit int64 // bytes of files per second, to and from the archive in all; 0: no limit
	Logger    *slog.Logger
}

// Archive keeps snapshots and images in one storage. Many agents may use a storage at once.
type Archive struct {
	options Options
	storage blob.ConnectionInfo
	repo    repo.DirectRepository
	secret  []byte
	limiter *rate.Limiter
	log     *slog.Logger

	checkpoint  time.Duration // how often a Save makes sure of what it has
	lockSettles time.Duration // after which whoever took a lock last has it
	now         func() time.Time
}

// Open connects to the archive, which is made the first time. Any number of agents may do that
// at once. A wrong key is Invalid, a storage that does not answer Unavailable.
func Open(ctx context.Context, o Options) (*Archive, error) {
	if len(o.Key) < MinKey {
		return nil, fleet.Errorf(fleet.Invalid, "the archive's key has %d bytes, at least %d are needed", len(o.Key), MinKey)
	}
	if o.CacheDir == "" {
		return nil, fleet.Errorf(fleet.Invalid, "the archive needs a cache directory")
	}
	storage, err := connection(o.URL, repositoryPart)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.CacheDir)
	if err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "cache directory: %v", err)
	}
	o.CacheDir = dir
	for _, sub := range []string{"kopia", "known"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, failed("make the cache directory", err)
		}
	}
	a := &Archive{
		options: o, storage: storage, limiter: newLimiter(o.RateLimit), log: o.Logger,
		checkpoint: 10 * time.Second, lockSettles: 2 * time.Second, now: time.Now,
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	provider := a.repo.ContentReader().ContentFormat()
	a.secret = provider.GetHmacSecret()
	if provider.GetHashFunction() != hashing || len(a.secret) < 32 {
		_ = a.repo.Close(ctx)
		return nil, fleet.Errorf(fleet.Invalid, "the storage holds a repository that is not Kelvin's")
	}
	return a, nil
}

// connect opens the repository, and makes it where there is none.
func (a *Archive) connect(ctx context.Context) (err error) {
	a.repo, err = a.dial(ctx, true)
	if errors.Is(err, blob.ErrBlobNotFound) {
		if err = a.create(ctx); err != nil && !errors.Is(err, repo.ErrAlreadyInitialized) {
			return failed("make the archive", err)
		}
		a.repo, err = a.dial(ctx, true)
	}
	return failed("open the archive", err)
}

// dial opens the repository, with a cache of what a distant storage has, or without.
func (a *Archive) dial(ctx context.Context, cached bool) (repo.DirectRepository, error) {
	client := repo.LocalConfig{
		Storage: &a.storage,
		Caching: &content.CachingOptions{},
		// One name for all agents: whoever collects may do maintenance.
		ClientOptions: repo.ClientOptions{Hostname: "archive", Username: "kelvin", Description: "Kelvin", FormatBlobCacheDuration: -1},
	}
	name := "uncached.json"
	if cached {
		name = "config.json"
		if !isLocal(a.storage) {
			client.Caching.CacheDirectory = filepath.Join(a.options.CacheDir, "kopia", "cache")
			client.Caching.ContentCacheSizeBytes = cacheBytes
			client.Caching.MetadataCacheSizeBytes = cacheBytes
		}
	}
	config := filepath.Join(a.options.CacheDir, "kopia", name)
	err := replaceFile(config, func(w io.Writer) error { return json.NewEncoder(w).Encode(client) })
	if err != nil {
		return nil, err
	}
	opened, err := repo.Open(ctx, config, a.options.Key, &repo.Options{
		DisableRepositoryLog: true,
		DoNotWaitForUpgrade:  true,
		OnFatalError:         func(err error) { a.log.Error("archive", slog.Any("error", err)) },
	})
	if err != nil {
		return nil, err
	}
	direct, ok := opened.(repo.DirectRepository)
	if !ok {
		_ = opened.Close(ctx)
		return nil, fleet.Errorf(fleet.Invalid, "the archive needs a storage, not a server")
	}
	return direct, nil
}

// create makes the repository. Its secrets come from the key alone, so that two who do this at
// the same time write the same thing.
func (a *Archive) create(ctx context.Context) error {
	storage, err := openStorage(ctx, a.options.URL, repositoryPart)
	if err != nil {
		return err
	}
	defer func() { _ = storage.Close(ctx) }()
	secrets, err := pbkdf2.Key(sha256.New, a.options.Key, []byte("kelvin archive, version 1"), keyRounds, 96)
	if err != nil {
		return err
	}
	return repo.Initialize(ctx, storage, &repo.NewRepositoryOptions{
		UniqueID: secrets[:32],
		BlockFormat: format.ContentFormat{
			Hash: hashing, Encryption: encryption, HMACSecret: secrets[32:64], MasterKey: secrets[64:],
			EnablePasswordChange: true,
			MutableParameters:    format.MutableParameters{Version: format.FormatVersion3},
		},
	}, a.options.Key)
}

// Close lets go of the storage.
func (a *Archive) Close(ctx context.Context) error {
	return failed("close the archive", a.repo.Close(ctx))
}

// newHash is the hash that names a content in this archive.
func (a *Archive) newHash() *blake3.Hasher {
	h, err := blake3.NewKeyed(a.secret[:32])
	if err != nil {
		panic(err) // only for keys that are not 32 bytes long
	}
	return h
}

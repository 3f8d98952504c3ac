package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
)

// openDatabase returns the configuration of the database at path, which it
// makes first if there is none, with the namespace in it.
//
// The same configuration must be used for every access: connections are pooled
// by it, and a second one to the same file ends in SQLITE_BUSY.
func openDatabase(path, sync, namespace string) (*config.SQL, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeDatabase(path); err != nil {
			return nil, fmt.Errorf("make the database %s: %w", path, err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db := &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: uriPath(path),
		ConnectAttributes: map[string]string{
			"mode":         "rw",
			"journal_mode": "wal", // as fast as in memory
			"synchronous":  sync,
			"busy_timeout": "5000",
		},
	}
	detail, err := namespaceConfig(namespace)
	if err != nil {
		return nil, err
	}
	// Written to the database directly, the namespace exists before the server
	// starts, and nobody waits for the server's cache to notice it. One that
	// is there already is left alone; see settleNamespace.
	if err := sqlite.CreateNamespaces(db, detail); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	return db, nil
}

// makeDatabase writes an empty database with Temporal's schema. It appears
// under its name complete or not at all: a process killed in between would
// otherwise leave half a schema that looks like a database ever after.
func makeDatabase(path string) error {
	unfinished := path + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := sqlite.SetupSchema(&config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: uriPath(unfinished),
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "off",
			"synchronous":  "off",
		},
	})
	if err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// uriPath escapes a path for SQLite, which reads a file name as a URI.
func uriPath(path string) string {
	return (&url.URL{Path: path}).EscapedPath()
}

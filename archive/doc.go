// Package archive keeps the files of instances: snapshots that are content-addressed,
// deduplicated, compressed and encrypted, and the images below them. It is the only home of
// kopia, whose storages, contents and maintenance it uses under a tree format of its own,
// which loses nothing that matters (tree.go).
package archive

// Package archive keeps the files of instances: snapshots that are content-addressed,
// deduplicated, compressed and encrypted, and the images below them. It is the only home of
// kopia, whose storages, contents, manifests and maintenance it uses under a tree format of its
// own (encode.go; docs/decisions/0010-archive-format.md says why). Agents use it; it knows
// nothing of containers, records and workflows.
//
// Beside the repository lie logs: what containers wrote, in segments of another format (logs.go;
// docs/decisions/0014-logs-as-segments.md).
//
// # What a snapshot keeps
//
// Of every name in a tree: content, mode with its setuid, setgid and sticky bits, numeric owner
// and group, modification time to the nanosecond (of directories and links, too), the targets of
// symbolic links, hard links within the tree, holes of sparse files, empty directories, devices,
// FIFOs and sockets, and the extended attributes user.*, trusted.* (marks of overlayfs among
// them), security.capability and the POSIX access lists. Names are bytes: line ends, what is
// not UTF-8, 255 bytes, any depth. The top directory counts as one of them.
//
// # What it does not keep
//
//   - inode numbers, change, access and birth times
//   - hard links from one tree to another, or out of it: each tree gets a file of its own
//   - flags and quotas of the file system (chattr, project quotas), reflinks, preallocation
//   - extended attributes that belong to a host: labels of SELinux and other security.*, system.nfs4_acl
//   - which zeros of a sparse file are blocks: those of 4 KiB become holes
//   - open files, locks, what is in a pipe, and files that are open but have no name any more
//
// # What is promised
//
// A running instance is saved file by file, not at one moment: a file that changes meanwhile is
// saved as it was found, counted, and read again by the next pass; the last pass is of a stopped
// one. A file counts as unchanged if inode, size, modification and change time are those that this
// host has seen (memory.go, scan.go): tenants can set any but the last, so all that is left to
// them is to make the archive read more. Compare trusts nothing but content.
//
// The trees are a tenant's, who may change them at any time. No symbolic link is followed: each
// directory is opened from the one above it, no name is used that is not one of a directory.
// A restore leaves no file as it is that has a name elsewhere.
//
// Memory is about 500 bytes for each name and 20 for each MiB of content of what is saved or restored.
//
// Whoever has a shell on an agent: `kopia maintenance run --full` and `kopia snapshot gc` know
// nothing of these snapshots and remove their contents. Collect does that work.
package archive

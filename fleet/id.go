package fleet

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Prefixes of the IDs. An ID is its prefix and 26 characters of Crockford's base32: a
// UUIDv7, so that IDs sort by the time they were made and hold no look-alike letters. The
// exception is an operation's, which is made from account and Idempotency-Key.
const (
	AccountPrefix     = "acc_"
	KeyPrefix         = "key_"
	HostPrefix        = "hst_"
	GPUPrefix         = "gpu_"
	GatewayPrefix     = "gw_"
	InstancePrefix    = "ins_"
	EndpointPrefix    = "ep_"
	EndpointKeyPrefix = "epk_"
	OperationPrefix   = "op_"
	EventPrefix       = "evt_"
	SnapshotPrefix    = "snp_"
	MishapPrefix      = "mis_"
	VolumePrefix      = "vol_"
	autoscalerSuffix  = ":autoscale"
	drainSuffix       = ":drain"
)

// crockford has no i, l, o or u, and sorts as its values do.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an ID that sorts after those made before now: a UUID of version 7, whose first random
// bits are the fraction of the millisecond, in steps of 244 ns (RFC 9562, 6.2, method 3).
func NewID(prefix string, now time.Time) string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // crypto/rand never returns an error
	binary.BigEndian.PutUint16(u[0:], uint16(now.UnixMilli()>>32))
	binary.BigEndian.PutUint32(u[2:], uint32(now.UnixMilli()))
	fraction := now.Nanosecond() % int(time.Millisecond) * 4096 / int(time.Millisecond)
	binary.BigEndian.PutUint16(u[6:8], 0x7000|uint16(fraction))
	u[8] = u[8]&0x3f | 0x80 // RFC 9562's variant
	return prefix + crockford.EncodeToString(u[:])
}

// OperationID names the operation an account asks for under an Idempotency-Key. The same
// request, repeated, is the same operation, whoever answers it.
func OperationID(accountID, key string) string {
	sum := sha256.Sum256([]byte(accountID + "\x00" + key))
	return OperationPrefix + crockford.EncodeToString(sum[:16])
}

// AutoscalerID names the long-running workflow that watches an endpoint. The endpoint's
// own ID stays free: as a workflow ID it is the lock that its operations take.
func AutoscalerID(endpointID string) string { return endpointID + autoscalerSuffix }

// SnapshotterID names the workflow that takes a snapshot of an instance beside its
// operations.
func SnapshotterID(instanceID string) string { return instanceID + ":snapshot" }

// DrainID names the workflow that empties a host.
func DrainID(hostID string) string { return hostID + drainSuffix }

// DrainActor is who asks for the moves by which a host is emptied.
func DrainActor(hostID string) string { return "host:" + hostID }

// HostQueue is the Temporal task queue of a host's quick verbs.
func HostQueue(hostID string) string { return "host:" + hostID }

// BulkQueue is the task queue of a host's long work: pulls, copies, memory tests. It is its
// own, so that a copy of an hour cannot hold back a stop.
func BulkQueue(hostID string) string { return HostQueue(hostID) + ":bulk" }

// HostLabel writes an ID as a DNS label, which may not hold an underscore: ep_06f2 is
// reached at ep-06f2.us-east.example.com.
func HostLabel(id string) string { return strings.Replace(id, "_", "-", 1) }

// FromHostLabel is the inverse of HostLabel. It takes an ID as it is, too.
func FromHostLabel(label string) string { return strings.Replace(strings.ToLower(label), "-", "_", 1) }

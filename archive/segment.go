package archive

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A segment in the storage is segmentMagic, and sealed with AES-256-GCM behind a random nonce
// under a key of its instance's and its own name: zstd of its End as text behind its length, the number of its lines,
// and for each line the nanoseconds since First and its text behind its length.
const segmentMagic = "KLVLOG1\n"

// segmentMax is far beyond what SegmentBytes and one long line make.
const segmentMax = 64 << 20

var (
	deflater, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)) // without a writer, for EncodeAll: it cannot fail
	inflater, _ = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(segmentMax), zstd.WithDecoderConcurrency(0))
)

// sealer is for the segments of one instance.
func (l *Logs) sealer(instance string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, l.secret, nil, "kelvin archive, logs, version 1, "+instance, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (l *Logs) seal(s *Segment, n segmentName) ([]byte, error) {
	sealer, err := l.sealer(n.instance)
	if err != nil {
		return nil, err
	}
	end, _ := s.End.MarshalText() // it never fails
	plain := make([]byte, 0, s.Bytes+64)
	plain = append(binary.AppendUvarint(plain, uint64(len(end))), end...)
	plain = binary.AppendUvarint(plain, uint64(len(s.Lines)))
	for _, line := range s.Lines {
		plain = binary.AppendVarint(plain, int64(line.At.Sub(s.First)))
		plain = append(binary.AppendUvarint(plain, uint64(len(line.Text))), line.Text...)
	}
	return sealer.Seal([]byte(segmentMagic), nil, deflater.EncodeAll(plain, nil), []byte(n.blob())), nil
}

var errSegment = errors.New("it is cut off")

// open reads what seal made. All that can be wrong with it is damage.
func (l *Logs) open(sealed []byte, n segmentName) (*Segment, error) {
	s, err := l.unpack(sealed, n)
	if err != nil {
		return nil, &damage{fmt.Errorf("segment %s: %w", n.blob(), err)}
	}
	return s, nil
}

func (l *Logs) unpack(sealed []byte, n segmentName) (*Segment, error) {
	if len(sealed) < len(segmentMagic) || string(sealed[:len(segmentMagic)]) != segmentMagic {
		return nil, errors.New("it is no segment of a log")
	}
	sealer, err := l.sealer(n.instance)
	if err != nil {
		return nil, err
	}
	packed, err := sealer.Open(nil, nil, sealed[len(segmentMagic):], []byte(n.blob()))
	if err != nil {
		return nil, err
	}
	plain, err := inflater.DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	s := &Segment{InstanceID: n.instance, LeaseID: n.lease, Epoch: n.epoch, First: n.first}
	end, plain, err := cutPart(plain)
	if err != nil {
		return nil, err
	}
	if err := s.End.UnmarshalText(end); err != nil {
		return nil, err
	}
	count, size := binary.Uvarint(plain)
	if size <= 0 || count > uint64(len(plain)) {
		return nil, errSegment
	}
	plain, s.Lines = plain[size:], make([]fleet.LogLine, 0, count)
	for range count {
		since, size := binary.Varint(plain)
		if size <= 0 {
			return nil, errSegment
		}
		var text []byte
		if text, plain, err = cutPart(plain[size:]); err != nil {
			return nil, err
		}
		s.Lines = append(s.Lines, fleet.LogLine{InstanceID: n.instance, LeaseID: n.lease, At: n.first.Add(time.Duration(since)), Text: text})
		s.Bytes += len(text) + lineBytes
	}
	return s, nil
}

func cutPart(p []byte) (part, rest []byte, err error) {
	length, size := binary.Uvarint(p)
	if size <= 0 || length > uint64(len(p)-size) {
		return nil, nil, errSegment
	}
	p = p[size:]
	return p[:length:length], p[length:], nil
}

package gpu

// Signed is a signature of a host's on what it found out: an examination, or a scrub.
type Signed struct {
	Algorithm string `json:"algorithm" doc:"ed25519, over the document's canonical JSON"`
	Key       string `json:"key" doc:"ID of the host's public key"`
	Signature string `json:"signature" doc:"In base64"`
}

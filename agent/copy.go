package agent

import (
	"encoding/json"
	"io"
	"net/http"
)

// statPath describes a file of a container.
func (a *Agent) statPath(w http.ResponseWriter, r *http.Request) {
	found, err := a.Machine.StatPath(r.Context(), r.PathValue("lease"), r.URL.Query().Get("path"))
	if err != nil {
		answerError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found)
}

// copyFrom sends files of a container as a tar stream. One that breaks is cut off: the
// server must not take it for a whole one.
func (a *Agent) copyFrom(w http.ResponseWriter, r *http.Request) {
	files, err := a.Machine.CopyFrom(r.Context(), r.PathValue("lease"), r.URL.Query().Get("path"))
	if err != nil {
		answerError(w, err)
		return
	}
	defer files.Close()
	w.Header().Set("Content-Type", "application/x-tar")
	if _, err := io.Copy(w, files); err != nil {
		a.Logger.DebugContext(r.Context(), "a copy broke off", "host", a.HostID, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// copyTo unpacks a tar stream in a container.
func (a *Agent) copyTo(w http.ResponseWriter, r *http.Request) {
	if err := a.Machine.CopyTo(r.Context(), r.PathValue("lease"), r.URL.Query().Get("path"), r.Body); err != nil {
		answerError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

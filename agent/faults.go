package agent

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// faulty are simulated GPUs that can be made go wrong from outside.
type faulty struct {
	*sim.GPUs

	mu   sync.Mutex
	done []string // keys of what was asked for, the newest last
}

// keepKeys is how many are remembered.
const keepKeys = 1000

// faulty are the host's GPUs, if they are simulated.
func (a *Agent) faulty() (*faulty, error) {
	gpus, ok := a.GPUs.(*sim.GPUs)
	if !ok {
		return nil, fleet.Errorf(fleet.Unsupported, "the GPUs of this host are not simulated: nothing can be made go wrong with them")
	}
	a.faulting.Do(func() { a.faults = &faulty{GPUs: gpus} })
	return a.faults, nil
}

// listFaults answers with all faults.
func (a *Agent) listFaults(w http.ResponseWriter, r *http.Request) {
	f, err := a.faulty()
	if err != nil {
		answerError(w, err)
		return
	}
	f.answer(w, r)
}

// addFault makes something go wrong. What was asked for under the same key is not done twice.
func (a *Agent) addFault(w http.ResponseWriter, r *http.Request) {
	f, err := a.faulty()
	var order fleet.GPUFaultOrder
	if err == nil && json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&order) != nil {
		err = fleet.Errorf(fleet.Invalid, "that is no fault")
	}
	if err == nil {
		err = f.once(r.Header.Get("Idempotency-Key"), func() error {
			uuid, err := f.uuid(r, order.GPU, "body.gpu")
			if err != nil {
				return err
			}
			return f.Inject(r.Context(), uuid, order.Name, order.Params)
		})
	}
	if err != nil {
		answerError(w, err)
		return
	}
	a.Logger.WarnContext(r.Context(), "fault injected", "host", a.HostID, "gpu", order.GPU, "fault", order.Name, "params", order.Params)
	a.ward.look(r.Context())
	f.answer(w, r)
}

// heal takes what is wrong with a GPU away, or with all of them.
func (a *Agent) heal(w http.ResponseWriter, r *http.Request) {
	f, err := a.faulty()
	if err == nil {
		uuid := ""
		if of := r.URL.Query().Get("gpu"); of != "" {
			uuid, err = f.uuid(r, of, "query.gpu")
		}
		if err == nil {
			err = f.Heal(uuid)
		}
	}
	if err != nil {
		answerError(w, err)
		return
	}
	a.ward.look(r.Context())
	f.answer(w, r)
}

// once does what was not done yet under its key.
func (f *faulty) once(key string, do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if key != "" && slices.Contains(f.done, key) {
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	if f.done = append(f.done, key); len(f.done) > keepKeys {
		f.done = slices.Clone(f.done[len(f.done)-keepKeys/2:])
	}
	return nil
}

// uuid is that of a GPU by its index, or by its UUID. One that is not listed has no index.
func (f *faulty) uuid(r *http.Request, of, field string) (string, error) {
	index, err := strconv.Atoi(of)
	if err != nil {
		return of, nil
	}
	devices, err := f.Devices(r.Context())
	if err != nil {
		return "", err
	}
	for _, d := range devices {
		if d.Index == index {
			return d.UUID, nil
		}
	}
	allowed := "a UUID, or an index from 0 to " + strconv.Itoa(len(devices)-1)
	return "", &fleet.Error{
		Code: fleet.Invalid, Message: field + ": the host has no GPU of that index; allowed: " + allowed,
		Fields: []fleet.FieldError{{Field: field, Message: "the host has no GPU of that index", Allowed: allowed}},
	}
}

// answer lists all faults, by the GPUs' indexes.
func (f *faulty) answer(w http.ResponseWriter, r *http.Request) {
	devices, err := f.Devices(r.Context())
	if err != nil {
		answerError(w, err)
		return
	}
	index := map[string]int{}
	for _, d := range devices {
		index[d.UUID] = d.Index
	}
	all := []fleet.GPUFault{}
	for uuid, faults := range f.Faults() {
		i, listed := index[uuid]
		if !listed {
			i = -1
		}
		for _, x := range faults {
			params := x.Params
			if params == nil {
				params = map[string]string{}
			}
			all = append(all, fleet.GPUFault{GPU: uuid, Index: i, Name: x.Name, Does: x.Does(), Params: params, Since: x.Since, Left: max(x.Left, 0)})
		}
	}
	slices.SortFunc(all, func(a, b fleet.GPUFault) int {
		if a.Index != b.Index {
			return a.Index - b.Index
		}
		return a.Since.Compare(b.Since)
	})
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all)
}

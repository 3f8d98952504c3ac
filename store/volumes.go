package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const volumeColumns = `id, account_id, name, data_center, state, actor, created_at, deleted_at`

type volumeRow struct {
	ID         string            `db:"id"`
	AccountID  string            `db:"account_id"`
	Name       string            `db:"name"`
	DataCenter string            `db:"data_center"`
	State      fleet.VolumeState `db:"state"`
	Actor      string            `db:"actor"`
	CreatedAt  int64             `db:"created_at"`
	DeletedAt  int64             `db:"deleted_at"`
}

func (r volumeRow) volume() fleet.Volume {
	return fleet.Volume{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name, DataCenter: r.DataCenter, State: r.State, Actor: r.Actor,
		CreatedAt: at(r.CreatedAt), DeletedAt: at(r.DeletedAt),
	}
}

// CreateVolume makes a volume of an account's in a data center. The same one again is no
// error. Invalid for a bad name, or an unknown data center; Conflict while one of that name is
// being deleted, or when there are fleet.MaxVolumes.
func (s *Store) CreateVolume(ctx context.Context, accountID, actor, name, dataCenter string) (fleet.Volume, error) {
	if err := fleet.CheckVolumeName(name); err != nil {
		return fleet.Volume{}, err
	}
	var made fleet.Volume
	err := s.write(ctx, "create volume", func(t *tx) error {
		if err := t.checkDataCenter(dataCenter); err != nil {
			return err
		}
		if err := t.lockDataCenter(dataCenter); err != nil {
			return err
		}
		rows, err := t.volumeRows(accountID, dataCenter)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Name != name {
				continue
			}
			if made = r.volume(); r.State == fleet.VolumeDeleting {
				return fleet.Errorf(fleet.Conflict, "volume %s is being deleted: it can be made again when that is done", quote(name))
			}
			return nil
		}
		if len(rows) >= fleet.MaxVolumes {
			return fleet.Errorf(fleet.Conflict, "there are %d volumes in %s already, and no more than that: delete one", len(rows), dataCenter)
		}
		made = fleet.Volume{
			ID: fleet.NewID(fleet.VolumePrefix, t.now), AccountID: accountID, Name: name, DataCenter: dataCenter,
			State: fleet.VolumeReady, Actor: actor, CreatedAt: t.now,
		}
		if _, err := t.exec(`INSERT INTO volumes (`+volumeColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
			made.ID, accountID, name, dataCenter, made.State, actor, micros(t.now)); err != nil {
			return t.taken(err)
		}
		return t.event(fleet.Event{AccountID: accountID, Name: "volume.created", Actor: actor, Message: name + " in " + dataCenter})
	})
	return made, err
}

// volumeRows are an account's volumes in a data center that are not gone, by name.
func (t *tx) volumeRows(accountID, dataCenter string) (rows []volumeRow, err error) {
	q := selecting(volumeColumns, "volumes").and(`account_id = ?`, accountID).and(`state <> 'deleted'`).equal("data_center", dataCenter)
	return rows, t.all(&rows, q.text+` ORDER BY name, id`, q.args...)
}

// ListVolumes lists an account's volumes by name, in one data center or, for "", in all, with
// what has them.
func (s *Store) ListVolumes(ctx context.Context, accountID, dataCenter string) ([]fleet.Volume, error) {
	var all []fleet.Volume
	err := s.read(ctx, "list volumes", func(t *tx) error {
		rows, err := t.volumeRows(accountID, dataCenter)
		if err != nil {
			return err
		}
		all = make([]fleet.Volume, len(rows))
		for i, r := range rows {
			all[i] = r.volume()
			if all[i].Users, err = t.volumeUsers(all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// GetVolume reads a volume of an account's that is not gone. NotFound without it.
func (s *Store) GetVolume(ctx context.Context, accountID, id string) (fleet.Volume, error) {
	var v fleet.Volume
	err := s.read(ctx, "get volume", func(t *tx) error {
		var err error
		if v, err = t.volumeOf(accountID, id); err != nil {
			return err
		}
		v.Users, err = t.volumeUsers(v)
		return err
	})
	return v, err
}

func (t *tx) volumeOf(accountID, id string) (fleet.Volume, error) {
	var row volumeRow
	q := selecting(volumeColumns, "volumes").and(`account_id = ?`, accountID).and(`id = ?`, id).and(`state <> 'deleted'`)
	err := t.get(&row, q.text, q.args...)
	return row.volume(), missing(err, "volume", id)
}

// volumeUsers are the endpoints and servers that have a volume, whatever they are doing: an
// endpoint that is being updated has those of both revisions. What is looked for cannot be part
// of another value: quotes inside of values are escaped.
func (t *tx) volumeUsers(v fleet.Volume) (names []string, err error) {
	has := `%"volume":"` + v.Name + `"%`
	err = t.all(&names, `SELECT DISTINCT e.name FROM endpoints e JOIN endpoint_revisions r ON r.endpoint_id = e.id
			WHERE e.account_id = ? AND e.data_center = ? AND e.state <> 'deleted' AND r.spec LIKE ?
			AND (r.revision = e.revision OR r.operation_id = e.operation_id
				OR r.revision IN (SELECT n.base FROM endpoint_revisions n WHERE n.endpoint_id = e.id AND n.operation_id = e.operation_id))
		UNION SELECT i.name FROM instances i
			WHERE i.account_id = ? AND i.data_center = ? AND i.state <> 'terminated' AND i.spec LIKE ? ORDER BY 1`,
		v.AccountID, v.DataCenter, has, v.AccountID, v.DataCenter, has)
	return names, err
}

// checkVolume refuses a spec whose volume is not there, and says which are. Nothing takes the
// volume away before the transaction ends.
func (t *tx) checkVolume(accountID, dataCenter, name string) error {
	if name == "" {
		return nil
	}
	if err := t.lockDataCenter(dataCenter); err != nil {
		return err
	}
	rows, err := t.volumeRows(accountID, dataCenter)
	if err != nil {
		return err
	}
	var there []string
	for _, r := range rows {
		if r.State == fleet.VolumeReady && r.Name == name {
			return nil
		}
		if r.State == fleet.VolumeReady {
			there = append(there, r.Name)
		}
	}
	allowed := "none yet: create it first (kelvin volume create)"
	if len(there) > 0 {
		allowed = strings.Join(there, ", ")
	}
	return &fleet.Error{
		Code: fleet.Invalid, Message: fmt.Sprintf("there is no volume %s in %s", quote(name), dataCenter),
		Fields: []fleet.FieldError{{Field: "body.volume", Message: "is not known", Allowed: allowed}},
	}
}

// DeleteVolume has a volume erased: nobody gets it any more. Conflict while endpoints or servers
// have it, NotFound without it. Repeatable.
func (s *Store) DeleteVolume(ctx context.Context, accountID, actor, id string) (fleet.Volume, error) {
	var v fleet.Volume
	err := s.write(ctx, "delete volume", func(t *tx) error {
		var err error
		if v, err = t.volumeOf(accountID, id); err != nil || v.State == fleet.VolumeDeleting {
			return err
		}
		if err := t.lockDataCenter(v.DataCenter); err != nil { // nothing that wants it is accepted meanwhile
			return err
		}
		if v.Users, err = t.volumeUsers(v); err != nil {
			return err
		}
		if len(v.Users) > 0 {
			return fleet.Errorf(fleet.Conflict, "volume %s is mounted by %s: take it off, delete or terminate them first", quote(v.Name), strings.Join(v.Users, ", "))
		}
		v.State, v.DeletedAt = fleet.VolumeDeleting, t.now
		if _, err := t.exec(`UPDATE volumes SET state = 'deleting', deleted_at = ? WHERE id = ? AND state = 'ready'`, micros(t.now), id); err != nil {
			return err
		}
		return t.event(fleet.Event{AccountID: accountID, Name: "volume.deleting", Actor: actor, Message: v.Name + " in " + v.DataCenter})
	})
	return v, err
}

// DeletingVolumes are the IDs of all that are being erased.
func (s *Store) DeletingVolumes(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.read(ctx, "list volumes that are deleted", func(t *tx) error {
		return t.all(&ids, `SELECT id FROM volumes WHERE state = 'deleting' ORDER BY id`)
	})
	return ids, err
}

// An Erasure is a volume that is to be erased, and a host that can do it.
type Erasure struct {
	Volume fleet.Volume
	HostID string // empty: no host of its data center has ever reached volumes
	Over   bool   // it is erased
}

// Erasure says where a volume can be erased. Unavailable while no host that reaches it is ready;
// NotFound without the volume.
func (s *Store) Erasure(ctx context.Context, volumeID string) (Erasure, error) {
	var e Erasure
	err := s.read(ctx, "look where to erase a volume", func(t *tx) error {
		var row volumeRow
		if err := t.get(&row, `SELECT `+volumeColumns+` FROM volumes WHERE id = ?`, volumeID); err != nil {
			return missing(err, "volume", volumeID)
		}
		e = Erasure{Volume: row.volume(), Over: row.State != fleet.VolumeDeleting}
		var hosts []struct {
			ID    string          `db:"id"`
			State fleet.HostState `db:"state"`
		}
		if err := t.all(&hosts, `SELECT id, state FROM hosts WHERE data_center = ? AND volumes AND retired_at = 0 ORDER BY seen_at DESC, id`, row.DataCenter); err != nil {
			return err
		}
		for _, h := range hosts {
			if h.State == fleet.HostReady {
				e.HostID = h.ID
				return nil
			}
		}
		if len(hosts) > 0 && !e.Over {
			return fleet.Errorf(fleet.Unavailable, "no host of %s that reaches its volumes is ready", row.DataCenter)
		}
		return nil
	})
	return e, err
}

// VolumeErased notes that nothing is left of a volume. Repeatable.
func (s *Store) VolumeErased(ctx context.Context, volumeID string) error {
	return s.write(ctx, "note a volume erased", func(t *tx) error {
		var row volumeRow
		if err := t.get(&row, `SELECT `+volumeColumns+` FROM volumes WHERE id = ?`, volumeID); err != nil {
			return missing(err, "volume", volumeID)
		}
		n, err := t.exec(`UPDATE volumes SET state = 'deleted' WHERE id = ? AND state = 'deleting'`, volumeID)
		if err != nil || n == 0 {
			return err
		}
		return t.event(fleet.Event{AccountID: row.AccountID, Name: "volume.deleted", Message: row.Name + " in " + row.DataCenter})
	})
}

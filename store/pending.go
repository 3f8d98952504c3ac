package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

var errPending = fleet.Errorf(fleet.Unsupported, "being written")

func (s *Store) CreateGateway(ctx context.Context, name, dataCenter string) (token, gatewayID string, _ error) {
	return "", "", errPending
}
func (s *Store) AuthenticateGateway(ctx context.Context, token string) (gatewayID, dataCenter string, _ error) {
	return "", "", errPending
}

func (s *Store) Place(ctx context.Context, operationID, instanceID string) (fleet.Lease, error) {
	return fleet.Lease{}, errPending
}
func (s *Store) HoldTraffic(ctx context.Context, operationID, instanceID string) error {
	return errPending
}
func (s *Store) ReleaseTraffic(ctx context.Context, operationID, instanceID string) error {
	return errPending
}
func (s *Store) Drained(ctx context.Context, instanceID string) (Drain, error) {
	return Drain{}, errPending
}
func (s *Store) Routes(ctx context.Context, dataCenter string) (fleet.Routes, error) {
	return fleet.Routes{}, errPending
}
func (s *Store) RoutesVersion(ctx context.Context, dataCenter string) (int64, error) {
	return 0, errPending
}
func (s *Store) RoutesFollowed(ctx context.Context, dataCenter string, version int64) (bool, error) {
	return false, errPending
}
func (s *Store) SaveGatewayReport(ctx context.Context, gatewayID string, r fleet.GatewayReport) error {
	return errPending
}
func (s *Store) ListGateways(ctx context.Context) ([]Gateway, error) { return nil, errPending }

func (s *Store) RenewLease(ctx context.Context, hostID string, r fleet.HostReport) (fleet.HostOrder, Changes, error) {
	return fleet.HostOrder{}, Changes{}, errPending
}
func (s *Store) ExpireHosts(ctx context.Context) (Changes, error) { return Changes{}, errPending }
func (s *Store) GetOperation(ctx context.Context, accountID, id string) (fleet.Record, error) {
	return fleet.Record{}, errPending
}
func (s *Store) ListOperations(ctx context.Context, accountID string, f OperationFilter) ([]fleet.Record, error) {
	return nil, errPending
}
func (s *Store) Counts(ctx context.Context) (Counts, error) { return Counts{}, errPending }

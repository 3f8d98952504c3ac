package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

var errPending = fleet.Errorf(fleet.Unsupported, "being written")

type Store struct {
	Now func() time.Time
}

func Open(ctx context.Context, url string) (*Store, error) { return nil, errPending }
func (s *Store) Migrate(ctx context.Context) error         { return errPending }
func (s *Store) Ping(ctx context.Context) error            { return errPending }
func (s *Store) Close() error                              { return errPending }
func (s *Store) Engine() string                            { return "" }

func (s *Store) CreateAccount(ctx context.Context, name string, isFleet bool) (fleet.Account, error) {
	return fleet.Account{}, errPending
}
func (s *Store) AccountByName(ctx context.Context, name string) (fleet.Account, error) {
	return fleet.Account{}, errPending
}
func (s *Store) CreateKey(ctx context.Context, accountID, name string, role fleet.Role) (secret string, _ fleet.APIKey, _ error) {
	return "", fleet.APIKey{}, errPending
}
func (s *Store) ListKeys(ctx context.Context, accountID string) ([]fleet.APIKey, error) {
	return nil, errPending
}
func (s *Store) DeleteKey(ctx context.Context, accountID, keyID string) error { return errPending }
func (s *Store) Authenticate(ctx context.Context, secret string) (fleet.Principal, error) {
	return fleet.Principal{}, errPending
}
func (s *Store) EnsureDataCenter(ctx context.Context, dc fleet.DataCenter) error { return errPending }
func (s *Store) DataCenters(ctx context.Context) ([]fleet.DataCenter, error)     { return nil, errPending }
func (s *Store) CreateHost(ctx context.Context, name, dataCenter string) (token string, _ fleet.Host, _ error) {
	return "", fleet.Host{}, errPending
}
func (s *Store) CreateGateway(ctx context.Context, name, dataCenter string) (token, gatewayID string, _ error) {
	return "", "", errPending
}
func (s *Store) AuthenticateHost(ctx context.Context, token string) (hostID string, _ error) {
	return "", errPending
}
func (s *Store) AuthenticateGateway(ctx context.Context, token string) (gatewayID, dataCenter string, _ error) {
	return "", "", errPending
}

func (s *Store) CreateInstance(ctx context.Context, ask Ask, n NewInstance) (rec fleet.Record, repeated bool, err error) {
	return rec, false, errPending
}
func (s *Store) CreateEndpoint(ctx context.Context, ask Ask, name string, spec fleet.EndpointSpec) (rec fleet.Record, repeated bool, err error) {
	return rec, false, errPending
}
func (s *Store) UpdateEndpoint(ctx context.Context, ask Ask, endpointID, name string, change func(fleet.EndpointSpec) (fleet.EndpointSpec, error)) (rec fleet.Record, repeated bool, err error) {
	return rec, false, errPending
}
func (s *Store) Accept(ctx context.Context, ask Ask, kind fleet.Kind, resourceID, operation string) (rec fleet.Record, repeated bool, err error) {
	return rec, false, errPending
}

func (s *Store) MarkStarted(ctx context.Context, operationID string) error { return errPending }
func (s *Store) PendingOperations(ctx context.Context, older time.Duration, limit int) ([]fleet.Record, error) {
	return nil, errPending
}
func (s *Store) BeginInstance(ctx context.Context, operationID string) (fleet.Instance, fleet.Record, error) {
	return fleet.Instance{}, fleet.Record{}, errPending
}
func (s *Store) BeginEndpoint(ctx context.Context, operationID string) (fleet.Endpoint, fleet.Record, error) {
	return fleet.Endpoint{}, fleet.Record{}, errPending
}
func (s *Store) EndOperation(ctx context.Context, e Ending) error { return errPending }
func (s *Store) SaveSteps(ctx context.Context, operationID, phase string, steps []fleet.Step) error {
	return errPending
}
func (s *Store) RequestCancel(ctx context.Context, accountID, operationID string) (fleet.Record, error) {
	return fleet.Record{}, errPending
}
func (s *Store) OpenOperationsOnHost(ctx context.Context, hostID string) ([]fleet.Record, error) {
	return nil, errPending
}

func (s *Store) Place(ctx context.Context, operationID, instanceID string) (fleet.Lease, error) {
	return fleet.Lease{}, errPending
}
func (s *Store) ReturnLease(ctx context.Context, leaseID string) error { return errPending }
func (s *Store) LeaseExpired(ctx context.Context, leaseID string) (bool, error) {
	return false, errPending
}
func (s *Store) SetGPUState(ctx context.Context, leaseID string, st fleet.GPUState) error {
	return errPending
}
func (s *Store) QuarantineGPU(ctx context.Context, gpuID, reason string) error { return errPending }
func (s *Store) ReleaseGPU(ctx context.Context, gpuID string) error            { return errPending }
func (s *Store) ContainerSpec(ctx context.Context, hostID, leaseID string) (fleet.ContainerSpec, error) {
	return fleet.ContainerSpec{}, errPending
}
func (s *Store) MoveInstance(ctx context.Context, instanceID, leaseID string) error {
	return errPending
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

func (s *Store) SetRevision(ctx context.Context, endpointID string, revision int) error {
	return errPending
}
func (s *Store) Workers(ctx context.Context, endpointID string) ([]fleet.Instance, error) {
	return nil, errPending
}
func (s *Store) Endpoint(ctx context.Context, id string) (fleet.Endpoint, error) {
	return fleet.Endpoint{}, errPending
}
func (s *Store) Instance(ctx context.Context, id string) (fleet.Instance, error) {
	return fleet.Instance{}, errPending
}

func (s *Store) RenewLease(ctx context.Context, hostID string, r fleet.HostReport) (fleet.HostOrder, Changes, error) {
	return fleet.HostOrder{}, Changes{}, errPending
}
func (s *Store) ExpireHosts(ctx context.Context) (Changes, error) { return Changes{}, errPending }
func (s *Store) SetCordon(ctx context.Context, hostID string, cordoned bool) error {
	return errPending
}

func (s *Store) GetInstance(ctx context.Context, accountID, id string) (fleet.Instance, error) {
	return fleet.Instance{}, errPending
}
func (s *Store) ListInstances(ctx context.Context, accountID string, f InstanceFilter) ([]fleet.Instance, error) {
	return nil, errPending
}
func (s *Store) GetEndpoint(ctx context.Context, accountID, id string) (fleet.Endpoint, error) {
	return fleet.Endpoint{}, errPending
}
func (s *Store) ListEndpoints(ctx context.Context, accountID string, f EndpointFilter) ([]fleet.Endpoint, error) {
	return nil, errPending
}
func (s *Store) GetOperation(ctx context.Context, accountID, id string) (fleet.Record, error) {
	return fleet.Record{}, errPending
}
func (s *Store) ListOperations(ctx context.Context, accountID string, f OperationFilter) ([]fleet.Record, error) {
	return nil, errPending
}
func (s *Store) ListEvents(ctx context.Context, accountID string, f EventFilter) ([]fleet.Event, error) {
	return nil, errPending
}
func (s *Store) EventsSince(ctx context.Context, accountID, afterID string, limit int) ([]fleet.Event, error) {
	return nil, errPending
}
func (s *Store) GetHost(ctx context.Context, id string) (fleet.Host, error) {
	return fleet.Host{}, errPending
}
func (s *Store) ListHosts(ctx context.Context, p Page) ([]fleet.Host, error) { return nil, errPending }
func (s *Store) ListGPUs(ctx context.Context, f GPUFilter) ([]fleet.GPU, error) {
	return nil, errPending
}
func (s *Store) Counts(ctx context.Context) (Counts, error) { return Counts{}, errPending }

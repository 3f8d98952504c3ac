package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestOneLeadsUntilItStops(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		lead := func(holder string) int64 {
			term, err := s.Lead(t.Context(), "evaluator", holder, 5*time.Second)
			require.NoError(t, err)
			return term
		}
		require.EqualValues(t, 1, lead("a"))
		require.EqualValues(t, 0, lead("b"))
		clock.advance(4 * time.Second)
		require.EqualValues(t, 1, lead("a"), "renewed, it is the same term")
		clock.advance(4 * time.Second)
		require.EqualValues(t, 0, lead("b"))
		clock.advance(2 * time.Second)
		require.EqualValues(t, 2, lead("b"), "whoever comes first takes over")
		require.EqualValues(t, 0, lead("a"))
		require.NoError(t, s.Resign(t.Context(), "evaluator", "a"), "what is not held is not given back")
		require.EqualValues(t, 0, lead("a"))
		require.NoError(t, s.Resign(t.Context(), "evaluator", "b"))
		require.EqualValues(t, 3, lead("a"))
		clock.advance(6 * time.Second)
		require.EqualValues(t, 4, lead("a"), "who was away for a while does not know what others did")

		wins := 0
		for _, err := range race(8, func(i int) error {
			term, err := s.Lead(t.Context(), "other", fmt.Sprint(i), time.Minute)
			if term == 0 && err == nil {
				return errAgain
			}
			return err
		}) {
			if err == nil {
				wins++
			}
		}
		require.Equal(t, 1, wins)
	})
}

func TestDecisionsAreKeptInOrderAndBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, b := mustAccount(t, s), mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		decision := fleet.ScaleDecision{
			EndpointID: ep.ID, From: 1, To: 3, Create: 2, Rule: "growth", Reason: "too much",
			Votes: []fleet.ScaleVote{{Rule: "load", Total: 5, Note: "500 requests"}}, Inputs: fleet.ScaleInputs{InFlight: 500, Known: true, Ready: 1, Max: 9},
		}
		for range 2 { // the step that stores it may be repeated
			require.NoError(t, s.SaveScaleDecision(t.Context(), "one", decision))
		}
		same := decision
		same.From, same.Create, same.Remove, same.Rule = 3, 0, []string{"ins_1"}, "replace"
		require.NoError(t, s.SaveScaleDecision(t.Context(), "two", same))
		all, err := s.ListScaleDecisions(t.Context(), a.ID, ep.ID, Page{})
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.EqualValues(t, 2, all[0].Seq)
		require.Equal(t, []string{"ins_1"}, all[0].Remove)
		first := all[1]
		require.Equal(t, decision.Votes, first.Votes)
		require.Equal(t, decision.Inputs, first.Inputs)
		require.Equal(t, a.ID, first.AccountID)
		require.Equal(t, []string{"operation.accepted", "endpoint.created", "endpoint.scaled"}, eventNames(t, s, a.ID, ep.ID), "the same number is no news")

		page, err := s.ListScaleDecisions(t.Context(), a.ID, ep.ID, Page{After: all[0].ID, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []fleet.ScaleDecision{first}, page)
		_, err = s.ListScaleDecisions(t.Context(), b.ID, ep.ID, Page{})
		requireCode(t, fleet.NotFound, err)
		requireCode(t, fleet.NotFound, s.SaveScaleDecision(t.Context(), "x", fleet.ScaleDecision{EndpointID: "ep_none"}))

		require.NoError(t, raw(t, s, `UPDATE scale_decisions SET seq = seq + ? WHERE seq = 2`, DecisionsKept-1)) // as if there had been many
		require.NoError(t, s.SaveScaleDecision(t.Context(), "last", decision))
		all, err = s.ListScaleDecisions(t.Context(), a.ID, ep.ID, Page{})
		require.NoError(t, err)
		require.Len(t, all, 2, "the oldest is gone")
		require.EqualValues(t, DecisionsKept+2, all[0].Seq)

		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Contains(t, counts.Tallies, GPUTally{TallyScaling, "growth", "", 2})
	})
}

func TestAWatchSeesWhatIsServed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		ep, other := mustEndpoint(t, s, a), mustEndpoint(t, s, a)
		mustWorker(t, s, ep)
		_, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "coming", Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: 1})
		require.NoError(t, err)
		_, gw, err := s.CreateGateway(t.Context(), unique("gateway"), here)
		require.NoError(t, err)
		load := map[string]fleet.EndpointLoad{ep.ID: {InFlight: 3, Queued: 2, Peak: 6, Requests: 7, Latency: []int64{1, 2}}}
		require.NoError(t, s.SaveGatewayReport(t.Context(), gw, fleet.GatewayReport{Run: "run", Version: 1, Load: load}))
		require.NoError(t, s.SaveScaling(t.Context(), Scaling{EndpointID: ep.ID, Desired: 2, Rule: "active", Reason: "so", State: []byte(`{"a":1}`)}))
		require.NoError(t, s.SaveScaling(t.Context(), Scaling{EndpointID: ep.ID, Desired: 4, Rule: "load", Reason: "so", State: []byte(`{"a":2}`)}))

		w, err := s.Watch(t.Context())
		require.NoError(t, err)
		require.Len(t, w.Endpoints, 2)
		require.Equal(t, Watched{
			ID: ep.ID, AccountID: a.ID, Name: ep.Name, DataCenter: here, State: fleet.Running, Revision: 1,
			Scaling: 2, Desired: 4, Ready: 1, Starting: 1,
		}, w.Endpoints[0])
		require.Equal(t, other.ID, w.Endpoints[1].ID)
		require.Len(t, w.Gateways, 1)
		require.Equal(t, "run", w.Gateways[0].Run)
		require.Equal(t, load, w.Gateways[0].Load)

		rules, err := s.Rules(t.Context(), []string{ep.ID, other.ID, "ep_none"})
		require.NoError(t, err)
		require.Len(t, rules, 2)
		for _, r := range rules {
			require.Equal(t, ep.Spec, r.Spec)
			if r.ID == ep.ID {
				require.JSONEq(t, `{"a":2}`, string(r.Scaling.State))
			}
		}
		mine, err := s.Scaling(t.Context(), a.ID, ep.ID)
		require.NoError(t, err)
		require.Equal(t, 4, mine.Desired)
		_, err = s.Scaling(t.Context(), mustAccount(t, s).ID, ep.ID)
		requireCode(t, fleet.NotFound, err)

		_, _, err = s.Accept(t.Context(), ask(a), fleet.KindEndpoint, other.ID, "stop")
		require.NoError(t, err)
		w, err = s.Watch(t.Context())
		require.NoError(t, err)
		require.Len(t, w.Endpoints, 1, "a stopped endpoint is not autoscaled")
	})
}

func TestLoadIsARing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		clock := mustClock(t, s)
		a := mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		points := int(loadSlots) + 10
		for i := range points {
			p := fleet.LoadPoint{At: clock.now(), Seconds: 5, InFlight: i, Requests: int64(i), Classes: [5]int64{0, int64(i)}}
			p.Latency[3] = int64(i)
			require.NoError(t, s.SaveLoads(t.Context(), []EndpointPoint{{ep.ID, p}, {ep.ID, p}, {"ep_none", p}}))
			if i < points-1 {
				clock.advance(fleet.LoadSlot)
			}
		}
		all, err := s.Loads(t.Context(), a.ID, ep.ID, time.Time{})
		require.NoError(t, err)
		require.Len(t, all, int(loadSlots))
		require.Equal(t, points-1, all[len(all)-1].InFlight)
		require.EqualValues(t, points-1, all[len(all)-1].Latency[3])
		require.Equal(t, clock.now(), all[len(all)-1].At)
		recent, err := s.Loads(t.Context(), a.ID, ep.ID, clock.now().Add(-time.Minute))
		require.NoError(t, err)
		require.Len(t, recent, 13)
		_, err = s.Loads(t.Context(), mustAccount(t, s).ID, ep.ID, time.Time{})
		requireCode(t, fleet.NotFound, err)

		rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindEndpoint, ep.ID, "delete")
		require.NoError(t, err)
		_, _, err = s.BeginEndpoint(t.Context(), rec.ID)
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Done)
		require.NoError(t, s.ForgetLoads(t.Context()))
		all, err = s.Loads(t.Context(), a.ID, ep.ID, time.Time{})
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

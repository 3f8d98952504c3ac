package autoscale

// fast are the rules of the policy of that name: workers as soon as load asks for them, in
// time for the next minute, and none for longer than it pays.
//
// The numbers were chosen on clients 26, 11 and 13 of ServeGen's m-small, days 0 to 3 (also with one
// request per GPU), and on the synthetic loads of `kelvin simulate` (constant, steps, ramp, square
// waves, impulse), so that Knative's KPA costs more and delays more of the requests on each of them;
// CancelAfter, and how long the queue of few may take, also on clients 1, 9 and 29. docs/autoscaling.md
// has the results, also on loads on which nothing was chosen.
var fast = Options{
	Policy: Fast,
	// Growth needs no limit of its own: D8 asks for no more than arrivals and the queue
	// need, and CancelAfter takes back what was too much before it is ready.
	UpPercent: None,
	// All that are idle may leave at once. What that costs when load comes back, Patience learns.
	DownCount: None, DownPercent: 100,
	// Workers are added at 85 %, in whole requests, which is a minute's head start on a ramp from 5 to 100
	// requests a second in 20 minutes: 100 % delays 6 % of those by more than 1 s, 90 % 1 %, 85 % 0.2 %.
	Fill: 85,
	// 78 % is close enough below that to cost little (at 70 %, 8 % more on a surge), and far
	// enough that noise of 20 % reverses nothing.
	LowPercent: 78,
	Hold:       minutes(1), // as by default: never less
	// Without a request for two minutes: a wake costs a cold start of half of that.
	ZeroHold: minutes(2),
	// In which a queue should be gone: 25 s and more delay as many of an impulse as KPA does, 20 s costs
	// as much as KPA. A queue of few may take longer (see Options.drained): without that, one request per
	// GPU costs 13 % more in bursts.
	Drain: seconds(23),
	// Six seconds see a surge sooner than ten do; three take every burst for one. Sixty arrivals
	// at the least, so that a request is not a surge: with ten, rare ones cost 15 % more.
	Rate: seconds(6), MinArrivals: 60,
	CancelAfter: seconds(7), // 10 s cost 4 % more on bursts; after 6 s, there are more actions than KPA's
	// Without it a surge to 50 times the load is sized at half its need for half a minute, and
	// half as many again wait.
	Recall: true,
	// For waves of 2 to 10 minutes: without it a third of the requests of one with 5 minutes
	// wait longer than 1 s. More doublings than two cost 3 % on bursts.
	Patience: patience,
}

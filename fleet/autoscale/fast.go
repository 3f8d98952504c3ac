package autoscale

// fast are the rules of the policy of that name.
var fast = Options{
	Policy: Fast, UpPercent: None, DownCount: None, DownPercent: 100, LowPercent: 75,
	Hold: minutes(1), ZeroHold: minutes(2), Drain: seconds(30), MinArrivals: 10, CancelAfter: seconds(10),
}

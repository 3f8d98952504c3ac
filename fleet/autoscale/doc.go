// Package autoscale decides how many workers an endpoint should have, and which of those
// it has should go. Both are pure functions of what is observed: no I/O, no clock, no
// randomness, and no floats, in which a limit would move by a worker.
//
//   - A Meter keeps the load of the last minutes; Meter.Load is what a decision needs of it.
//   - Size decides on a number, by the rules of Options, and says why. Its State must survive
//     restarts, and nothing else.
//   - Decide says which workers to make and which to remove for that number.
//
// The evaluator calls Total every second, and the AutoscaleEndpoint workflow calls Size and
// Decide, and carries out what they say. `kelvin simulate` drives the same code.
//
// The rules, by the names of the reference: one worker is meant for Target requests at a
// time (R1). Above that the number grows to what arrivals need, by Little's law, and what
// drains the queue in Options.Drain (D7, D8), but at most by UpPercent of the lowest total of
// the last 60 s, or by one (R3, D1). Workers that start count (D2). It falls by DownCount or DownPercent, once
// the load of all of the last Hold would fit on fewer workers at LowPercent (R4, R5, D3), nothing
// starts (D5), the last change was as long ago (D4), and all of the load is known (D9). To zero it goes
// only without active workers, after ZeroHold without a request (R7). The floor and the ceiling,
// and the replacement of a lost worker, know no limit (R6, D11): the total is the number that
// was decided, whatever has become of the workers. A stopped endpoint has no autoscaler (R8).
//
// A worker that drains is not taken back when load rises again (D13): it is being terminated, by
// an operation that does not turn round, and a new one is made beside it.
package autoscale

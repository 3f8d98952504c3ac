package api

import (
	"net/url"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Log is embedded in the input of logs.
type Log struct {
	Tail       int    `query:"tail" minimum:"0" maximum:"100000" doc:"Only the last lines; 0: all"`
	Follow     bool   `query:"follow" doc:"Go on with what is written from now on: of an instance until nothing of it runs any more, of an endpoint without end"`
	Since      string `query:"since" maxLength:"40" doc:"Only what is not older: a duration, counted back from now, or a time" example:"2h"`
	Until      string `query:"until" maxLength:"40" doc:"Only what is older, in the same manner. Not with follow" example:"2026-01-31T08:00:00Z"`
	Timestamps bool   `query:"timestamps" doc:"Begin each line with its time, in UTC"`
}

// A logQuery is a Log that makes sense.
type logQuery struct {
	since, until time.Time // zero: no limit
	tail         int
	follow       bool
	timestamps   bool
}

func (l Log) query(now time.Time) (logQuery, error) {
	q := logQuery{tail: l.Tail, follow: l.Follow, timestamps: l.Timestamps}
	var wrong []fleet.FieldError
	q.since = moment("query.since", l.Since, now, &wrong)
	q.until = moment("query.until", l.Until, now, &wrong)
	if len(wrong) == 0 && q.follow && !q.until.IsZero() {
		wrong = append(wrong, fleet.FieldError{Field: "query.until", Message: "does not go with follow", Allowed: "one of both"})
	}
	if len(wrong) == 0 && !q.until.IsZero() && q.until.Before(q.since) {
		wrong = append(wrong, fleet.FieldError{Field: "query.until", Message: "is before since", Allowed: "a time after since"})
	}
	if len(wrong) > 0 {
		return q, &fleet.Error{Code: fleet.Invalid, Message: summary(wrong), Fields: wrong}
	}
	return q, nil
}

// moment reads a time, or how long ago it was.
func moment(field, text string, now time.Time, wrong *[]fleet.FieldError) time.Time {
	if text == "" {
		return time.Time{}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		*wrong = append(*wrong, fleet.FieldError{Field: field, Message: "is neither a duration nor a time", Allowed: "a duration such as 90m or 24h, or a time such as 2026-01-31T08:00:00Z"})
	}
	return at
}

// path asks an agent for what the container of a lease has written behind a position.
func (q logQuery) path(leaseID string, after fleet.LogPosition) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	position, _ := after.MarshalText() // it never fails
	set("after", string(position))
	set("since", stamp(q.since))
	set("until", stamp(q.until))
	if q.tail > 0 {
		v.Set("tail", strconv.Itoa(q.tail))
	}
	if q.follow {
		v.Set("follow", "true")
	}
	return "/v1/leases/" + url.PathEscape(leaseID) + "/logs?" + v.Encode()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

package store

// A query grows by conditions. Its text is all ours; what callers send is in args.
type query struct {
	text string
	args []any
}

// selecting begins a query over a table.
func selecting(columns, table string) query {
	return query{text: `SELECT ` + columns + ` FROM ` + table + ` WHERE 1 = 1`}
}

func (q query) and(condition string, args ...any) query {
	return query{text: q.text + ` AND ` + condition, args: append(q.args[:len(q.args):len(q.args)], args...)}
}

// equal adds column = value, unless value is empty.
func (q query) equal(column, value string) query {
	if value == "" {
		return q
	}
	return q.and(column+` = ?`, value)
}

// after begins the page behind its After, by an ascending column.
func (q query) after(column string, p Page) query {
	if p.After == "" {
		return q
	}
	return q.and(column+` > ?`, p.After)
}

// ascending orders and ends the page.
func (q query) ascending(column string, p Page) query {
	return query{text: q.text + ` ORDER BY ` + column + ` LIMIT ?`, args: append(q.args[:len(q.args):len(q.args)], p.limit())}
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return DefaultLimit
	}
	return min(p.Limit, MaxLimit)
}

package fleet

import (
	"fmt"
	"math/bits"
)

// Money is an amount in micro-units of a price list's currency: 1,000,000 is one.
type Money int64

// String is the amount with two to six digits behind the point.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	text := fmt.Sprintf("%06d", m%1_000_000)
	for len(text) > 2 && text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	return fmt.Sprintf("%s%d.%s", sign, m/1_000_000, text)
}

// Times is n times the amount; the largest amount there is when that is too much.
func (m Money) Times(n int) Money {
	if m < 0 || n < 0 {
		return m * Money(n)
	}
	if high, low := bits.Mul64(uint64(m), uint64(n)); high > 0 || low > 1<<63-1 {
		return 1<<63 - 1
	}
	return m * Money(n)
}

// A PriceList is what GPUs cost.
type PriceList struct {
	Currency string  `json:"currency" example:"USD" doc:"ISO 4217 code"`
	Example  bool    `json:"example,omitempty" doc:"Prices that nobody has set: they are made up"`
	Prices   []Price `json:"prices"`
}

// A Price is what one GPU costs for an hour.
type Price struct {
	DataCenter string `json:"data_center,omitempty" doc:"Where; absent: everywhere else"`
	GPUType    string `json:"gpu_type" example:"a100-80gb"`
	Market     Market `json:"market" enum:"on-demand,spot"`
	PerHour    Money  `json:"per_hour_micros" doc:"Per GPU and hour, in micro-units of the currency" example:"1190000"`
}

// GPUHour is what a GPU costs for an hour; false if nobody has set that. The price of the data
// center comes before the one for everywhere.
func (l PriceList) GPUHour(dataCenter, gpuType string, market Market) (per Money, ok bool) {
	if market == "" {
		market = OnDemand
	}
	for _, p := range l.Prices {
		if p.GPUType != gpuType || p.Market != market {
			continue
		}
		if p.DataCenter == dataCenter {
			return p.PerHour, true
		}
		if p.DataCenter == "" {
			per, ok = p.PerHour, true
		}
	}
	return per, ok
}

// Validate says everything that is wrong with a price list.
func (l PriceList) Validate() error {
	var p problems
	p.add(len(l.Currency) == 3, "currency", "is no currency", "an ISO 4217 code, such as USD")
	seen := map[Price]bool{}
	for i, price := range l.Prices {
		field := fmt.Sprintf("prices[%d]", i)
		p.add(slug.MatchString(price.GPUType), field+".gpu_type", "is not a GPU type", "lower-case letters, digits and hyphens, such as a100-80gb")
		p.add(price.DataCenter == "" || slug.MatchString(price.DataCenter), field+".data_center", "is not a data center's name", "lower-case letters, digits and hyphens, at most 63")
		p.add(price.Market == OnDemand || price.Market == Spot, field+".market", "is not a market", "on-demand, spot")
		p.add(price.PerHour >= 0 && price.PerHour <= 1_000_000_000_000, field+".per_hour_micros", "is out of range", "0 to 1000000000000")
		price.PerHour = 0
		p.add(!seen[price], field, "is there twice", "one price for each data center, type and market")
		seen[price] = true
	}
	return p.err()
}

// ExamplePrices are prices for development, made up in the order of what such GPUs cost, and
// labelled as examples wherever they are shown.
func ExamplePrices() PriceList {
	l := PriceList{Currency: "USD", Example: true}
	for _, p := range []struct {
		gpuType string
		perHour Money
	}{
		{"t4-16gb", 200_000},
		{"l4-24gb", 430_000},
		{"rtx4090-24gb", 490_000},
		{"l40s-48gb", 990_000},
		{"a100-40gb", 1_190_000},
		{"a100-80gb", 1_490_000},
		{"h100-80gb", 2_490_000},
		{"h200-141gb", 3_290_000},
	} {
		l.Prices = append(l.Prices,
			Price{GPUType: p.gpuType, Market: OnDemand, PerHour: p.perHour},
			Price{GPUType: p.gpuType, Market: Spot, PerHour: p.perHour / 2})
	}
	return l
}

// A GPUType is what a data center has of one type of GPU in one market, on hosts that take
// work.
type GPUType struct {
	Name     string
	Market   Market
	MemoryMB int64 // of one; the least of them
	Total    int
	Free     int
}

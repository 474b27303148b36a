package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"slipway/payment"
)

// Ledger reads a page of the server's books.
func (s *Provider) Ledger(ctx context.Context, after string, limit int) ([]payment.Outcome, error) {
	var page struct {
		Data []Charge `json:"data"`
	}
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}
	if err := s.call(ctx, http.MethodGet, "/v1/ledger?"+query.Encode(), "", nil, &page); err != nil {
		return nil, err
	}
	outcomes := make([]payment.Outcome, 0, len(page.Data))
	for _, c := range page.Data {
		o, err := c.outcome(c.Key, nil)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

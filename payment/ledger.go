package payment

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// LedgerReader is a Provider whose books can be read from beginning to end, to
// be compared with ours. It is for checkers: a real company's books are long.
type LedgerReader interface {
	// Ledger returns at most limit charges, oldest first, after the one with the
	// key; an empty key begins at the beginning. No charge more is the end.
	Ledger(ctx context.Context, after string, limit int) ([]Outcome, error)
}

// Ledger reads a page of the server's books.
func (s *Sandbox) Ledger(ctx context.Context, after string, limit int) ([]Outcome, error) {
	var page struct {
		Data []SandboxCharge `json:"data"`
	}
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}
	if err := s.call(ctx, http.MethodGet, "/v1/ledger?"+query.Encode(), "", nil, &page); err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, 0, len(page.Data))
	for _, c := range page.Data {
		o, err := c.outcome(c.Key, nil)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

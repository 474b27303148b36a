package api

import "slipway/domain"

// Search is a filter that people type; it goes into a LIKE.
type Search struct {
	Query string `query:"q" maxLength:"120" doc:"Part of a name, slug, e-mail or reference; or an id."`
}

func (s Search) check() error {
	if domain.CleanText(s.Query) {
		return nil
	}
	return invalidQuery("q", domain.TextNotSearchable, domain.AcceptVisible)
}

// OfAccount is the filter behind links such as /admin/subscriptions?account_id=….
type OfAccount struct {
	AccountID accountFilter `query:"account_id" doc:"Only this account's."`
}

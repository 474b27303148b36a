package api

import (
	"unicode"

	"slipway/domain"
)

// Search is a filter that people type.
type Search struct {
	Query string `query:"q" format:"line" maxLength:"120" doc:"@search.q"`
}

// searchLength is how many letters and digits a search has at least: with less, no
// index narrows it.
const searchLength = 3

// searched is what is searched for as rows have it (a whole address is stored in one
// form, however it is written), or what is wrong with it.
func (s Search) searched() (string, error) {
	letters := 0
	for _, r := range s.Query {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			letters++
		}
	}
	if s.Query != "" && letters < searchLength {
		return "", invalidQuery("q", domain.TextSearchTooShort, domain.AcceptSearch)
	}
	if email, ok := domain.NormalEmail(s.Query); ok {
		return email, nil
	}
	return s.Query, nil
}

// OfAccount is the filter behind links such as /admin/subscriptions?account_id=….
type OfAccount struct {
	AccountID accountFilter `query:"account_id" doc:"Only this account's."`
}

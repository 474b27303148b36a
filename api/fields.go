package api

import (
	"strings"
	"unicode/utf8"

	"github.com/Rhymond/go-money"
	"golang.org/x/text/language"

	"slipway/domain"
)

// What the fields accept, as a problem says it.
const (
	acceptedEmail   = "a plain address such as ada@example.com, at most 254 bytes"
	acceptedName    = "1 to 120 visible characters: no control, zero-width or line-breaking ones"
	acceptedSlug    = "3 to 48 lower-case letters, digits and single hyphens between them"
	acceptedToken   = "a token from the provider's form, or nothing"
	acceptedCountry = "an ISO 3166-1 alpha-2 code, upper case, such as KE"
)

// fieldErrors collects what is wrong with a request, so that a client learns
// all of it at once.
type fieldErrors []domain.FieldError

// require notes the field unless it is as it should be.
func (f *fieldErrors) require(ok bool, field, message, accepted string) {
	if !ok {
		*f = append(*f, domain.FieldError{Field: "body." + field, Message: message, Accepted: accepted})
	}
}

// err is the problem with every field noted, or nil.
func (f fieldErrors) err() error {
	if len(f) == 0 {
		return nil
	}
	return &domain.Error{Code: domain.CodeInvalid, Detail: domain.Text(domain.TextInvalid), Fields: f}
}

// checkName refuses what cannot be the name of something.
func checkName(name string) error {
	var wrong fieldErrors
	wrong.require(domain.ValidName(name), "name", "It cannot be a name.", acceptedName)
	return wrong.err()
}

const acceptedCurrency = "an ISO 4217 code, lower case, such as eur"

// unknownCurrency reports whether code names no currency as we write them. Those
// the library knows without a number are not in ISO 4217, or not any more.
func unknownCurrency(code string) bool {
	known := money.GetCurrency(code)
	return known == nil || known.NumericCode == "" || code != strings.ToLower(code)
}

// currency refuses a currency that is missing, or named and unknown. One that is
// kept is not looked at, so that what has an old one can still be withdrawn.
func (f *fieldErrors) currency(named *string, kept string) {
	f.require(kept != "", "currency", "It is required.", acceptedCurrency)
	f.require(
		named == nil || *named == "" || !unknownCurrency(*named), "currency", "There is no such currency.",
		acceptedCurrency,
	)
}

// set copies what is present.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// validLine reports whether s is one line of visible text of min to max characters.
func validLine(s string, min, max int) bool {
	n := utf8.RuneCountInString(strings.TrimSpace(s))
	return domain.CleanText(s) && n >= min && utf8.RuneCountInString(s) <= max
}

// validText is visible text of several lines.
func validText(s string) bool { return domain.CleanText(strings.ReplaceAll(s, "\n", " ")) }

// ValidCountry is validCountry for who imports accounts.
func ValidCountry(code string) bool { return validCountry(code) }

// validCountry reports whether code names a country as ISO 3166-1 writes it.
func validCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry() && region.Canonicalize().String() == code
}

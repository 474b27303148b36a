package api

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/Rhymond/go-money"
	"golang.org/x/text/language"

	"slipway/domain"
)

// fieldErrors collects what is wrong with a request, so that a client learns
// all of it at once.
type fieldErrors []domain.FieldError

// require notes the field unless it is as it should be. The texts need no values.
func (f *fieldErrors) require(ok bool, field string, message, accepted domain.TextCode) {
	if !ok {
		f.note(field, domain.Text(message), domain.Text(accepted))
	}
}

// line requires one line of visible text of min to max characters; min 0 says
// that it may be left out.
func (f *fieldErrors) line(text string, min, max int, field string, message domain.TextCode) {
	switch most := strconv.Itoa(max); {
	case min == 0 && text == "", validLine(text, min, max):
	case min == 0:
		f.note(field, domain.Text(message), domain.Text(domain.AcceptShortLine, "max", most))
	default:
		f.note(field, domain.Text(message), domain.Text(domain.AcceptLine, "min", strconv.Itoa(min), "max", most))
	}
}

// name requires what can be the name of something.
func (f *fieldErrors) name(name, field string) {
	f.require(domain.ValidName(name), field, domain.TextNotAName, domain.AcceptName)
}

// country requires a country, or none.
func (f *fieldErrors) country(code string) {
	f.require(code == "" || validCountry(code), "country", domain.TextNotACountry, domain.AcceptCountry)
}

// text requires visible text of any number of lines, or none.
func (f *fieldErrors) text(text, field string) {
	f.require(domain.CleanText(strings.ReplaceAll(text, "\n", " ")), field, domain.TextNotVisible, domain.AcceptVisible)
}

// note adds what is wrong with a field of the body.
func (f *fieldErrors) note(field, message, accepted string) {
	*f = append(*f, domain.FieldError{Field: "body." + field, Message: message, Accepted: accepted})
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
	wrong.name(name, "name")
	return wrong.err()
}

// unknownCurrency reports whether code names no currency as we write them. Those
// the library knows without a number are not in ISO 4217, or no longer.
func unknownCurrency(code string) bool {
	known := money.GetCurrency(code)
	return known == nil || known.NumericCode == "" || code != strings.ToLower(code)
}

// currency refuses a currency that is missing, or named and unknown. One that is
// kept is not checked, so that what has an old one can still be withdrawn.
func (f *fieldErrors) currency(named *string, kept string) {
	f.require(kept != "", "currency", domain.TextFieldRequired, domain.AcceptCurrency)
	known := named == nil || *named == "" || !unknownCurrency(*named)
	f.require(known, "currency", domain.TextNotACurrency, domain.AcceptCurrency)
}

// set copies what is present.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// validLine reports whether s is one line of visible text of min to max
// characters, and not of spaces alone.
func validLine(s string, min, max int) bool {
	n := utf8.RuneCountInString(strings.TrimSpace(s))
	return domain.CleanText(s) && n >= min && n > 0 && utf8.RuneCountInString(s) <= max
}

// ValidCountry is validCountry for who imports accounts.
func ValidCountry(code string) bool { return validCountry(code) }

// validCountry reports whether code names a country as ISO 3166-1 writes it.
func validCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry() && region.Canonicalize().String() == code
}

package api

import (
	"errors"
	"slices"
	"strings"

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

// name requires what can be the name of something.
func (f *fieldErrors) name(name, field string) {
	f.require(domain.ValidName(name), field, domain.TextNotAName, domain.AcceptName)
}

// note adds what is wrong with a field of the body.
func (f *fieldErrors) note(field, message, accepted string) {
	f.add(domain.FieldError{Field: "body." + field, Message: message, Accepted: accepted})
}

// maxFieldErrors is how many fields one answer names.
const maxFieldErrors = 20

// add notes what is wrong with a field, unless something is already.
func (f *fieldErrors) add(wrong domain.FieldError) {
	if len(*f) < maxFieldErrors && !f.has(wrong.Field) {
		*f = append(*f, wrong)
	}
}

// has reports whether something is wrong with the field.
func (f *fieldErrors) has(field string) bool {
	return slices.ContainsFunc(*f, func(e domain.FieldError) bool { return e.Field == field })
}

// err is the problem with every field noted, or nil.
func (f fieldErrors) err() error {
	if len(f) == 0 {
		return nil
	}
	return &domain.Error{Code: domain.CodeInvalid, Detail: domain.Text(domain.TextInvalid), Fields: f}
}

// knownCurrency reports whether code names a currency as we write them. Those the
// library knows without a number are not in ISO 4217, or no longer.
func knownCurrency(code string) bool {
	known := money.GetCurrency(code)
	return known != nil && known.NumericCode != "" && code == strings.ToLower(code)
}

// currency refuses a currency that is missing. One that is kept is not checked, so
// that what has an old one can still be withdrawn.
func (f *fieldErrors) currency(kept string) {
	f.require(kept != "", "currency", domain.TextFieldRequired, domain.AcceptCurrency)
}

// join adds the fields of an error.
func (f *fieldErrors) join(err error) {
	var invalid *domain.Error
	if errors.As(err, &invalid) {
		for _, wrong := range invalid.Fields {
			f.add(wrong)
		}
	}
}

// set copies what is present.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// setAll copies a list of what has a type of its own, if it is present.
func setAll[T ~string](to *[]string, from *[]T) {
	if from == nil {
		return
	}
	*to = make([]string, len(*from))
	for i, one := range *from {
		(*to)[i] = string(one)
	}
}

// ValidCountry is validCountry for who imports accounts.
func ValidCountry(code string) bool { return validCountry(code) }

// validCountry reports whether code names a country as ISO 3166-1 writes it.
func validCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry() && region.Canonicalize().String() == code
}

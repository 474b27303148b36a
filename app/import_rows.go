package app

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"

	"slipway/api"
	"slipway/domain"
	"slipway/onboarding"
)

// importColumns are the columns an import may have, the required ones first.
var importColumns = []string{
	"email", "account_name", "plan", "status",
	"slug", "country", "trial_end", "current_period_start", "current_period_end", "payment_option",
	"external_customer", "external_method", "credits", "bonus_credits", "password_hash", "external_id",
}

const requiredColumns = 4

// rows reads adoptions from a CSV file, one at a time.
type rows struct {
	csv  *csv.Reader
	at   map[string]int                // where each column is
	seen map[[sha256.Size224]byte]bool // what must not be in the file twice, as hashes

	reserved func(slug string) bool // whether the deployment keeps the slug for itself
}

// newRows reads the header, whose order is free; the error names the column that
// is missing or unknown.
func newRows(file io.Reader) (*rows, error) {
	buffered := bufio.NewReader(file)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" { // spreadsheets write it
		_, _ = buffered.Discard(3)
	}
	r := &rows{csv: csv.NewReader(buffered), at: map[string]int{}, seen: map[[sha256.Size224]byte]bool{}}
	r.csv.ReuseRecord, r.csv.FieldsPerRecord, r.reserved = true, anyNumber, domain.SlugReserved
	header, err := r.read()
	if err != nil {
		return nil, errors.New("the file has no header that can be read")
	}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := r.at[name]; twice || !slices.Contains(importColumns, name) {
			return nil, fmt.Errorf("column %d of the header is unknown or there twice; the columns are %s",
				i+1, strings.Join(importColumns, ", "))
		}
		r.at[name] = i
	}
	for _, name := range importColumns[:requiredColumns] {
		if _, found := r.at[name]; !found {
			return nil, fmt.Errorf("the header has no column %s", name)
		}
	}
	r.csv.FieldsPerRecord = len(header)
	return r, nil
}

// anyNumber lets a record have any number of fields.
const anyNumber = -1

// read is the next record that says anything: spreadsheets leave rows of blanks
// and commas.
func (r *rows) read() ([]string, error) {
	for {
		record, err := r.csv.Read()
		says := slices.ContainsFunc(record, func(field string) bool { return strings.TrimSpace(field) != "" })
		if says || record == nil || (err != nil && !errors.Is(err, csv.ErrFieldCount)) {
			return record, err
		}
	}
}

// next is the next row and the line it stands on; io.EOF after the last. A bad
// row is an invalid error with every wrong column; any other error says that the
// rows after it cannot be read.
func (r *rows) next() (int, onboarding.Adoption, error) {
	record, err := r.read()
	var malformed *csv.ParseError
	switch {
	case errors.As(err, &malformed):
		if last := max(malformed.Line, r.lastLine(record)); last > malformed.StartLine {
			return malformed.StartLine, onboarding.Adoption{}, tornApart(malformed.StartLine, last)
		}
		return malformed.StartLine, onboarding.Adoption{}, domain.Invalid("row", "It cannot be read.",
			"as many fields as the header has, quoted as RFC 4180 says")
	case err != nil:
		return 0, onboarding.Adoption{}, err
	}
	line, _ := r.csv.FieldPos(0)
	row := &importRow{record: record, at: r.at, reserved: r.reserved}
	in := row.adoption()
	r.refuseTwice(row, in)
	if len(row.wrong) > 0 {
		return line, in, &domain.Error{
			Code:   domain.CodeInvalid,
			Detail: "The row cannot be adopted.",
			Fields: row.wrong,
		}
	}
	return line, in, nil
}

// lastLine is the line on which the record that was just read ends; 0 where no
// field was read. A wrong count of fields is said of its first line alone.
func (r *rows) lastLine(record []string) int {
	if len(record) == 0 {
		return 0
	}
	line, _ := r.csv.FieldPos(len(record) - 1)
	return line + strings.Count(record[len(record)-1], "\n")
}

// tornApart ends the import: a quote that is not closed takes the rows after it
// for its text, and they would be neither adopted nor reported.
func tornApart(first, last int) error {
	return fmt.Errorf("lines %d to %d cannot be separated, as a quote that opens in line %d is not closed "+
		"as RFC 4180 says; correct the quote", first, last, first)
}

// refuseTwice refuses what an earlier row of the file has. Refused rows count,
// too: which of the two is meant, somebody has to say.
func (r *rows) refuseTwice(row *importRow, in onboarding.Adoption) {
	for column, value := range map[string]string{"email": in.Email, "slug": in.Slug, "external_id": in.ExternalID} {
		if value == "" {
			continue
		}
		sum := sha256.Sum224([]byte(column + "\n" + value))
		row.require(!r.seen[sum], column, domain.TextImportTwice, domain.AcceptOnce)
		r.seen[sum] = true
	}
}

// importRow is a row that is being read, and what is wrong with it.
type importRow struct {
	record []string
	at     map[string]int
	wrong  []domain.FieldError

	reserved func(slug string) bool
}

// text is the field of a column; empty where the file has no such column.
func (r *importRow) text(column string) string {
	i, found := r.at[column]
	if !found {
		return ""
	}
	return strings.TrimSpace(r.record[i])
}

// require notes what is wrong with a column, and what it takes, unless ok.
func (r *importRow) require(ok bool, column string, wrong, accepted domain.TextCode) {
	if !ok {
		r.wrong = append(r.wrong, domain.FieldError{
			Field: column, Message: domain.Text(wrong), Accepted: domain.Text(accepted),
		})
	}
}

var hashForm = regexp.MustCompile(`^\$argon2id\$[!-~]{1,500}$`)

// catalogueCode is what finds a plan or a payment option.
var catalogueCode = domain.CodeText.UpTo(100)

// importEmail is an e-mail address, without an example that a report might be
// searched for.
var importEmail = func() domain.TextKind {
	k := domain.EmailText
	k.Accepted = domain.AcceptImportEmail
	return k
}()

// adoption checks the form of every field, as the API does with a sign-up's.
// What the catalogue and other accounts have to say comes later.
func (r *importRow) adoption() onboarding.Adoption {
	in := onboarding.Adoption{
		Email:       r.required("email", importEmail),
		AccountName: r.required("account_name", domain.NameText),
		Slug:        r.kept("slug", domain.SlugText), Country: r.text("country"),
		Plan:     r.required("plan", catalogueCode),
		Customer: r.kept("external_customer", domain.TokenText), Method: r.kept("external_method", domain.TokenText),
		PaymentOption: r.kept("payment_option", catalogueCode),
		PasswordHash:  r.text("password_hash"), Credits: r.number("credits"),
		Term: domain.Term{
			Status: domain.SubscriptionStatus(r.text("status")),
			TrialEnd: r.time(
				"trial_end",
			),
			PeriodStart: r.time("current_period_start"),
			PeriodEnd:   r.time("current_period_end"),
		},
	}
	if bonus := r.number("bonus_credits"); bonus != nil {
		in.Bonus = *bonus
	}
	r.require(!r.reserved(in.Slug), "slug", domain.TextSlugKept, domain.AcceptAnother)
	r.require(in.Country == "" || api.ValidCountry(in.Country), "country", domain.TextNotACountry,
		domain.AcceptCountry)
	in.ExternalID = r.kept("external_id", domain.CodeText)
	r.require(in.PasswordHash == "" || validHash(in.PasswordHash), "password_hash", domain.TextImportNotAHash,
		domain.AcceptHash)
	return in
}

// required is the field of a column as its kind is kept.
func (r *importRow) required(column string, kind domain.TextKind) string {
	text, ok := kind.Clean(r.text(column))
	r.require(ok, column, kind.Wrong, kind.Accepted)
	return text
}

// kept is required for a column that may be empty.
func (r *importRow) kept(column string, kind domain.TextKind) string {
	if r.text(column) == "" {
		return ""
	}
	return r.required(column, kind)
}

// validHash reports whether a sign-in could compare with it, in time and memory
// that one may take.
func validHash(hash string) bool {
	if !hashForm.MatchString(hash) {
		return false
	}
	params, salt, key, err := argon2id.DecodeHash(hash)
	return err == nil && len(salt) >= 8 && len(key) >= 16 && params.Memory <= 1<<18 && params.Iterations <= 16 &&
		params.Iterations > 0 && params.Parallelism > 0
}

// number is a count of credits; nil where there is none.
func (r *importRow) number(column string) *int64 {
	text := r.text(column)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	r.require(err == nil && n >= 0 && n <= 1_000_000_000_000, column, domain.TextImportNotCredits,
		domain.AcceptCredits)
	return &n
}

// time is a point in time, or the beginning of a day in UTC; nil where there is
// none.
func (r *importRow) time(column string) *time.Time {
	text := r.text(column)
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	at = at.UTC().Truncate(time.Millisecond)
	r.require(err == nil && at.Year() >= 2000 && at.Year() < 2100, column, domain.TextImportNotATime,
		domain.AcceptDate)
	return &at
}

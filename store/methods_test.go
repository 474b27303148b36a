package store_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// takesContext are the methods of the store that may issue a statement to be explained.
func takesContext(m reflect.Method) bool {
	return m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() &&
		!slices.Contains(slices.Concat(unseen, readsAll), m.Name)
}

// unseen are the methods that issue no statement of their own, on both kinds of database, or those
// of migrations.
var unseen = []string{"Within", "Listen", "Migrate", "PendingMigrations", "Seed", "Change", "Checks",
	"LockAccount", "Optimize"}

// texts are what methods are called with that want an id, a key or a name: of each kind
// one that is there.
var texts = []string{
	idOf("acct", "1000000777"), idOf("onb", "1000000777"), idOf("sub", "1000000777"), idOf("in", "1000002332"),
	idOf("pay", "1000002332"), idOf("pm", "1000000777"), idOf("usr", "1000000777"), idOf("clk", "1000000777"),
	"key-2332", "company", "stripe", "cmd_777",
}

// errTakenBack takes back what a method did.
var errTakenBack = errors.New("taken back")

// callEach calls every method with each of the texts, inside a transaction that is taken
// back. Most find something and go on; what they answer does not matter.
func callEach(t *testing.T, s *store.Store) {
	for i := range reflect.TypeOf(s).NumMethod() {
		m := reflect.TypeOf(s).Method(i)
		if !takesContext(m) {
			continue
		}
		for _, text := range texts {
			err := s.Within(t.Context(), func(tx *store.Store) error {
				args := []reflect.Value{reflect.ValueOf(tx), reflect.ValueOf(t.Context())}
				for n := 2; n < m.Type.NumIn() && !(m.Type.IsVariadic() && n == m.Type.NumIn()-1); n++ {
					args = append(args, argument(m.Type.In(n), text))
				}
				func() {
					defer func() { _ = recover() }() // what is missing in an argument
					m.Func.Call(args)
				}()
				return errTakenBack
			})
			require.Error(t, err, m.Name)
		}
	}
}

// argument is a value of the type that carries the text wherever it has room for one.
func argument(of reflect.Type, text string) reflect.Value {
	v := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)))
	case of == reflect.TypeFor[*time.Time](), of == reflect.TypeFor[[]byte]():
	case of == reflect.TypeFor[domain.Job]():
		v.SetString(string(domain.JobResolvePayments))
	case of.Kind() == reflect.String:
		v.SetString(text)
	case of.Kind() == reflect.Int || of.Kind() == reflect.Int64:
		v.SetInt(10)
	case of.Kind() == reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(argument(of.Elem(), text))
	case of.Kind() == reflect.Slice:
		v.Set(reflect.Append(v, argument(of.Elem(), text)))
	case of.Kind() == reflect.Struct:
		for i := range of.NumField() {
			if of.Field(i).IsExported() {
				v.Field(i).Set(argument(of.Field(i).Type, text))
			}
		}
	}
	return v
}

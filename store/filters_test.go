package store_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/store"
)

// idOf is an id of the filled database's.
func idOf(prefix, number string) string { return prefix + "_0000000000000000" + number }

// filterValues are what the fields of filters are tried with: what many rows have, few,
// and none.
var filterValues = map[string][]any{
	"AccountID":    {idOf("acct", "1000000777"), idOf("acct", "9999999999")},
	"OnboardingID": {idOf("onb", "1000000777"), "onb_none"},
	"EndpointID":   {"we_1", "we_none"},
	"Status": {
		"active", "pending", "suspended", "completed", "expired", "awaiting_approval", "incomplete", "past_due",
		"succeeded", "failed", "processing", "delivered", "none",
	},
	"Plan": {"starter", "enterprise", "none"},
	"Type": {"invoice.paid", "payment.late", "none"},
	"Query": {
		"COMPANY-4242", "owner77@", "Transfer 79190", "nobody has it", idOf("acct", "1000000777"),
		idOf("onb", "1000000777"), idOf("pay", "1000000777"), idOf("in", "1000000777"),
	},
	"StuckFor": {time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
	"LateOnly": {true},
	"Job":      {"resolve_payments", "none"},
}

// pages are the first page and a later one.
var pages = []store.Page{{}, {Limit: 50, Cursor: "zzz"}}

// asking is a list that is asked for with a filter.
type asking struct {
	what string
	list reflect.Value
	args []reflect.Value // after the context
}

// ask reads the list, which must succeed.
func (a asking) ask(t testing.TB) {
	results := a.list.Call(append([]reflect.Value{reflect.ValueOf(context.Background())}, a.args...))
	err, _ := results[1].Interface().(error)
	require.NoError(t, err, a.what)
}

// walkFilters asks for every list with each value of each filter, first pages and later
// ones.
func walkFilters(t testing.TB, s *store.Store) {
	for _, p := range pages {
		for _, a := range askings(t, s, p) {
			a.ask(t)
		}
	}
}

// askings are the lists of the store, each without a filter and with each value of each.
func askings(t testing.TB, s *store.Store, p store.Page) (all []asking) {
	of, lists := reflect.ValueOf(s), 0
	for i := range of.NumMethod() {
		name, list := of.Type().Method(i).Name, of.Method(i)
		if !strings.HasPrefix(name, "List") || list.Type().NumOut() != 2 {
			continue
		}
		lists++
		switch first := list.Type().In(1); {
		case first.Kind() == reflect.String: // of one account
			account := reflect.ValueOf(filterValues["AccountID"][0])
			all = append(all, asking{name, list, []reflect.Value{account, reflect.ValueOf(p)}})
		case first == reflect.TypeFor[store.Page]():
			all = append(all, asking{name, list, []reflect.Value{reflect.ValueOf(p)}})
		default:
			all = append(all, filtered(t, name, list, p)...)
		}
	}
	require.Greater(t, lists, 10, "there are lists")
	return all
}

// filtered are the askings of a list that takes a filter.
func filtered(t testing.TB, name string, list reflect.Value, p store.Page) []asking {
	empty := reflect.New(list.Type().In(1)).Elem()
	empty.FieldByName("Page").Set(reflect.ValueOf(p))
	if endpoint := empty.FieldByName("EndpointID"); endpoint.IsValid() { // there is no list of all deliveries
		endpoint.SetString("we_1")
	}
	all := []asking{{name, list, []reflect.Value{empty}}}
	for i := range empty.NumField() {
		field := empty.Type().Field(i)
		if field.Name == "Page" {
			continue
		}
		values := filterValues[field.Name]
		require.NotEmpty(t, values, "what %s is tried with", field.Name)
		for _, v := range values {
			filter := reflect.New(empty.Type()).Elem()
			filter.Set(empty)
			filter.Field(i).Set(reflect.ValueOf(v))
			all = append(all, asking{fmt.Sprintf("%s %s %v", name, field.Name, v), list, []reflect.Value{filter}})
		}
	}
	return all
}

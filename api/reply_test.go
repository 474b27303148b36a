package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reply is an answer as a client sees it.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// call makes a request. body may be nil, a string sent as it is, or anything
// else, sent as JSON. headers are pairs of name and value.
func (w *world) call(method, path, bearer string, body any, headers ...string) *reply {
	w.t.Helper()
	var reader io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		require.NoError(w.t, err)
		reader = bytes.NewReader(data)
	}
	r := httptest.NewRequest(method, path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(recorder, r)
	a := &reply{t: w.t, status: recorder.Code, header: recorder.Header(), raw: recorder.Body.String()}
	if strings.Contains(a.header.Get("Content-Type"), "json") && a.raw != "" {
		require.NoError(w.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	}
	return a
}

// ok asserts the status.
func (r *reply) ok(status int) *reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.raw)
	return r
}

// problem asserts that the answer is a whole problem with this status and code.
func (r *reply) problem(status int, code string) *reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.raw)
	require.Equal(r.t, problemContentType, r.header.Get("Content-Type"))
	require.Equal(r.t, code, r.body["code"], r.raw)
	require.EqualValues(r.t, status, r.body["status"])
	require.Equal(r.t, problemType+code, r.body["type"])
	for _, field := range []string{"title", "detail", "request_id"} {
		require.NotEmpty(r.t, r.body[field], field)
	}
	require.Equal(r.t, r.header.Get(headerRequestID), r.body["request_id"])
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		require.NotEmpty(r.t, r.header.Get(headerRetryAfter))
	}
	return r
}

// at reads a path such as "account.slug".
func (r *reply) at(path string) any {
	var v any = r.body
	for _, key := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func (r *reply) text(path string) string { s, _ := r.at(path).(string); return s }

// rows are the data of a list.
func (r *reply) rows() []map[string]any {
	data, _ := r.body["data"].([]any)
	rows := make([]map[string]any, len(data))
	for i := range data {
		rows[i], _ = data[i].(map[string]any)
	}
	return rows
}

// refusesField expects a 422 for this field alone.
func refusesField(t *testing.T, r *reply, field string) {
	t.Helper()
	r.problem(422, "invalid")
	errs, _ := r.at("errors").([]any)
	require.Len(t, errs, 1, r.raw)
	assert.Equal(t, field, errs[0].(map[string]any)["field"])
}

func codes(r *reply) []string {
	var all []string
	for _, row := range r.rows() {
		all = append(all, row["code"].(string))
	}
	return all
}

//go:build !nodev

package system

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// answer is one HTTP answer, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, v), string(a.body))
}

// problem is the part of a problem that tests look at.
type problem struct {
	Code             string          `json:"code"`
	Suggestions      []string        `json:"suggestions"`
	AvailableActions []domain.Action `json:"available_actions"`
}

// call makes one request; headers come in pairs.
func call(t testing.TB, method, url, bearer string, body any, headers ...string) answer {
	t.Helper()
	a, err := try(method, url, bearer, body, headers...)
	require.NoError(t, err)
	return a
}

// try is call for when the server may be away.
func try(method, url, bearer string, body any, headers ...string) (answer, error) {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := testHTTP.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, b}, err
}

var testHTTP = &http.Client{
	Timeout:   90 * time.Second,
	Transport: &http.Transport{MaxIdleConns: 500, MaxIdleConnsPerHost: 500, MaxConnsPerHost: 500},
}

func (r *running) post(path, bearer string, body any, headers ...string) answer {
	r.t.Helper()
	return call(r.t, http.MethodPost, r.url+path, bearer, body, headers...)
}

func (r *running) get(path, bearer string, headers ...string) answer {
	r.t.Helper()
	return call(r.t, http.MethodGet, r.url+path, bearer, nil, headers...)
}

func (r *running) command(path, bearer string, body map[string]any) {
	r.t.Helper()
	a := r.post(path, bearer, body)
	require.Equal(r.t, http.StatusOK, a.status, string(a.body))
}

// own posts a command of the account's owner.
func (r *running) own(o kickedOff, path string, body map[string]any) answer {
	r.t.Helper()
	a := r.post("/v1/account/"+path, o.ClientSecret, body)
	require.Less(r.t, a.status, 300, string(a.body))
	return a
}

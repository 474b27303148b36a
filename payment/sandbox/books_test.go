package sandbox_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/sandbox"
)

func TestSandbox_KeepsItsBooksOverACrash(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books of a café?.db")
	onFile := func(c *sandbox.ServerConfig) { c.File, c.NoSync = file, false }
	first := open(t, onFile)
	ok, stored := first.attach(t, "tok_ok"), first.attach(t, "tok_stored_500")
	o := first.charged(t, chargeOf(ok, "in_1/1"))
	_, err := first.Charge(t.Context(), chargeOf(stored, "in_2/1"))
	require.Error(t, err)
	// What a killed process leaves is the file and its log, as they are now.
	copied := filepath.Join(t.TempDir(), "left.db")
	for _, suffix := range []string{"", "-wal"} {
		left, err := os.ReadFile(file + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+suffix, left, 0o600))
	}
	first.close(t)

	for _, file := range []string{file, copied} {
		second := open(t, func(c *sandbox.ServerConfig) { c.File = file })
		assert.Equal(t, o, second.charged(t, chargeOf(ok, "in_1/1")))
		_, err = second.Charge(t.Context(), chargeOf(stored, "in_2/1"))
		var e *payment.Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Spent, "the failure is kept as well")
		charges := second.ledger(t)
		require.Len(t, charges, 1)
		assert.Equal(t, "in_1/1", charges[0].Key)
		second.close(t)
	}
}

func TestSandbox_BooksWithoutAFileGoWithTheServer(t *testing.T) {
	t.Parallel()
	c := open(t, func(c *sandbox.ServerConfig) { c.File = "" })
	c.charged(t, chargeOf(c.attach(t, "tok_ok"), "in_1/1"))
	require.NoError(t, c.server.Close())
	require.NoError(t, c.server.Close(), "again changes nothing")
	_, err := c.server.Ledger(t.Context())
	assert.Error(t, err)
}

func TestSandbox_SaysSoWhenItCannotKeepBooks(t *testing.T) {
	t.Parallel()
	for _, config := range []sandbox.ServerConfig{
		{}, {APIKey: apiKey, WebhookURL: "http://127.0.0.1:1"},
		{APIKey: apiKey, File: filepath.Join(t.TempDir(), "no", "such", "directory")},
	} {
		_, err := sandbox.NewServer(config)
		assert.Error(t, err)
	}
}

func TestSandbox_ShowsTheLedgerToWhoHasTheKey(t *testing.T) {
	t.Parallel()
	c := open(t)
	m := c.attach(t, "tok_ok")
	c.charged(t, chargeOf(m, "in_1/1"))
	ask := func(key string) answered {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/v1/ledger", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+key)
		answer, err := browser.Do(req)
		return read(t, answer, err)
	}
	for _, key := range []string{"", "sandbox", apiKey + " "} {
		wrong := strings.TrimRight(key, " ") + map[bool]string{true: "x"}[key != ""]
		assert.Equal(t, http.StatusUnauthorized, ask(wrong).StatusCode)
	}
	var got struct{ Data []sandbox.Charge }
	require.NoError(t, json.Unmarshal([]byte(ask(apiKey).text), &got))
	require.Len(t, got.Data, 1)
	assert.Equal(t, c.ledger(t), got.Data)
	assert.Equal(t, m.Ref, got.Data[0].Method)
}

func TestSandbox_LogsNoTokenAndNoSecret(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := open(t, func(c *sandbox.ServerConfig) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	m := c.attach(t, "tok_flaky_1")
	require.NoError(t, c.server.Close()) // its database is gone, its door still open
	_, err := c.Charge(t.Context(), chargeOf(m, "in_1/1"))
	assert.Equal(t, payment.ClassUnknown, payment.ClassOf(err))
	c.close(t)
	assert.Contains(t, log.String(), "could not answer")
	for _, hidden := range []string{apiKey, "tok_", string(secret), "acct_1"} {
		assert.NotContains(t, log.String(), hidden)
	}
}

// Package sandboxtest reads the books of a payment sandbox for tests.
package sandboxtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"slipway/payment/sandbox"
)

// Ledger is every charge on the server's books, oldest first. It asks the server
// itself, whatever stands between it and its clients.
func Ledger(t testing.TB, server *sandbox.Server, apiKey string) []sandbox.Charge {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/v1/ledger", nil)
	request.Header.Set("Authorization", "Bearer "+apiKey)
	answer := httptest.NewRecorder()
	server.Handler().ServeHTTP(answer, request)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	var ledger struct{ Data []sandbox.Charge }
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &ledger))
	return ledger.Data
}

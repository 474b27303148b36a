package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

func TestStore_SaysWhatToDoWhileTheSchemaIsMissing(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.OpenEmpty(t, fresh(t))
			_, read := s.SignupByEmail(t.Context(), "ada@example.com")
			write := s.Change(t.Context(), func(c *store.Change) error {
				c.Emit(domain.EventInvoicePaid, map[string]any{})
				return nil
			})
			for _, err := range []error{read, write} {
				require.Error(t, err)
				assert.Equal(t, domain.CodeUnavailable, domain.CodeOf(err), err)
				assert.Contains(t, err.Error(), "slipway migrate")
			}
		})
	}
}

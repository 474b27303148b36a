package api

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestOpenAPI_ListsEveryStateOfANoun(t *testing.T) {
	t.Parallel()
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Enum        []any
					Description string
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(newWorld(t).api.OpenAPI(), &document))
	schemas := document.Components.Schemas
	for noun, states := range map[string][]any{
		"Onboarding":   values(domain.OnboardingMoves.States()),
		"Account":      values(domain.AccountMoves.States()),
		"Subscription": values(domain.SubscriptionMoves.States()),
		"Invoice":      values(domain.InvoiceMoves.States()),
		"Payment":      values(domain.PaymentMoves.States()),
	} {
		assert.ElementsMatch(t, states, schemas[noun].Properties["status"].Enum, noun)
	}
	for name, schema := range schemas {
		for field, property := range schema.Properties {
			assert.NotRegexp(t, "^@", property.Description, "%s.%s", name, field)
			for _, value := range property.Enum {
				assert.NotRegexp(t, "^@", value, "%s.%s", name, field)
			}
		}
	}
}

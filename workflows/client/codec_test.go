package client

import (
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
)

// newKey is a key such as the setting takes, under the id.
func newKey(id string) string {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return id + ":" + base64.StdEncoding.EncodeToString(key)
}

// converterOf is what a client with the keys converts with.
func converterOf(t *testing.T, keys ...string) converter.DataConverter {
	t.Helper()
	c, err := NewCodec(keys)
	require.NoError(t, err)
	var options sdk.Options
	c.Use(&options)
	return options.DataConverter
}

func TestCodec_WhatOneKeyEncryptedIsReadForAsLongAsTheKeyIsInTheList(t *testing.T) {
	t.Parallel()
	first, second := newKey("2026"), newKey("2027")
	plain, old := converterOf(t), converterOf(t, first)
	for name, c := range map[string]struct {
		writes, reads converter.DataConverter
		encrypted     bool
	}{
		"its own":                            {old, old, true},
		"before the codec was switched on":   {plain, old, false},
		"after the rotation":                 {converterOf(t, second, first), converterOf(t, second, first), true},
		"from before the rotation":           {old, converterOf(t, second, first), true},
		"by who has both, in another order":  {converterOf(t, second, first), converterOf(t, first, second), true},
		"after it was switched off":          {old, converterOf(t, "none", first), true},
		"by who reads and encrypts no more":  {converterOf(t, "none", first), plain, false},
		"with blanks, as people write lists": {converterOf(t, " "+first), old, true},
	} {
		payload, err := c.writes.ToPayload("ada@lovelace.example")
		require.NoError(t, err, name)
		assert.Equal(t, c.encrypted, string(payload.GetMetadata()["encoding"]) == "binary/encrypted", name)
		if c.encrypted {
			assert.NotContains(t, string(payload.GetData()), "lovelace", name)
		}
		var got string
		require.NoError(t, c.reads.FromPayload(payload, &got), name)
		assert.Equal(t, "ada@lovelace.example", got, name)
	}
}

func TestCodec_SaysWhatIsMissingAndInAWorkflowEndsNothing(t *testing.T) {
	t.Parallel()
	payload, err := converterOf(t, newKey("2026")).ToPayload("secret")
	require.NoError(t, err)
	for why, reads := range map[domain.TextCode]converter.DataConverter{
		domain.TextCodecKeyMissing: converterOf(t), domain.TextCodecKeyWrong: converterOf(t, newKey("2026")),
	} {
		var got string
		err := reads.FromPayload(payload, &got)
		require.EqualError(t, err, domain.Text(why, "key", "2026")+" "+domain.Text(domain.TextCodecFix))
		inWorkflow := reads.(workflow.ContextAware).WithWorkflowContext(nil)
		assert.PanicsWithValue(t, err.Error(), func() { _ = inWorkflow.FromPayload(payload, &got) })
		assert.PanicsWithValue(t, err.Error(), func() {
			_ = inWorkflow.FromPayloads(&commonpb.Payloads{Payloads: []*commonpb.Payload{payload}}, &got)
		})
	}
}

func TestCodec_APayloadThatWasChangedIsNotRead(t *testing.T) {
	t.Parallel()
	first, second := newKey("2026"), newKey("2027")
	reads := converterOf(t, first, second)
	for name, change := range map[string]func(*commonpb.Payload){
		"its data":   func(p *commonpb.Payload) { p.Data[len(p.Data)-1] ^= 1 },
		"its key id": func(p *commonpb.Payload) { p.Metadata["encryption-key-id"] = []byte("2027") },
		"its length": func(p *commonpb.Payload) { p.Data = p.Data[:4] },
	} {
		payload, err := reads.ToPayload("secret")
		require.NoError(t, err)
		change(payload)
		var got string
		require.Error(t, reads.FromPayload(payload, &got), name)
		assert.Empty(t, got, name)
	}
}

func TestCodec_RefusesWhatIsNoKeyAndDoesNotRepeatIt(t *testing.T) {
	t.Parallel()
	good := newKey("2026")
	for name, keys := range map[string][]string{
		"no id": {":" + good}, "no key": {"2026:"}, "short": {"2026:c2VjcmV0"}, "no base64": {"2026:" + good},
		"twice": {good, newKey("2026")}, "none behind": {good, "none"}, "empty": {""}, "a control": {"a\n" + good},
	} {
		_, err := NewCodec(keys)
		require.Error(t, err, name)
		assert.Equal(t, "not a key", err.Error())
	}
}

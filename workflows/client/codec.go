package client

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"slipway/domain"
)

// The metadata of an encrypted payload, as Temporal's own examples have it.
const (
	encodingEncrypted = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
)

// KeyNone stands in the place of the key that encrypts: nothing is encrypted, and what
// is can be read.
const KeyNone = "none"

// Codec encrypts what enters Temporal: inputs, results, summaries and the messages of
// failures. Search attributes stay as they are: the server looks into them, and they hold
// ids, codes and times alone.
type Codec struct {
	keys     []codecKey
	encrypts *codecKey // nil: nothing is encrypted
}

type codecKey struct {
	id   string
	aead cipher.AEAD
}

var errCodecKey = errors.New("not a key")

// NewCodec takes keys as id:base64, 32 bytes each. The first encrypts, all decrypt. With
// none, nothing is encrypted.
func NewCodec(keys []string) (*Codec, error) {
	c := &Codec{}
	for i, text := range keys {
		text = strings.TrimSpace(text)
		if i == 0 && text == KeyNone {
			continue
		}
		id, encoded, _ := strings.Cut(text, ":")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(key) != 32 || !domain.CleanText(id) || id == "" || c.key(id) != nil {
			return nil, errCodecKey // its text may be the key
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, errCodecKey
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, errCodecKey
		}
		c.keys = append(c.keys, codecKey{id, aead})
	}
	if len(c.keys) > 0 && strings.TrimSpace(keys[0]) != KeyNone {
		c.encrypts = &c.keys[0]
	}
	return c, nil
}

func (c *Codec) key(id string) *codecKey {
	i := slices.IndexFunc(c.keys, func(k codecKey) bool { return k.id == id })
	if i < 0 {
		return nil
	}
	return &c.keys[i]
}

// Use makes a client encrypt and decrypt, and so its workers. Without keys it still
// knows what is encrypted: see unreadable.
func (c *Codec) Use(options *sdk.Options) {
	options.DataConverter = patient{converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c), false}
	options.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: options.DataConverter, EncodeCommonAttributes: c.encrypts != nil,
	})
}

// Handler decrypts for Temporal's UI and CLI, which send payloads to …/decode, and what
// they are about to send to …/encode. It asks for no credential.
func (c *Codec) Handler() http.Handler { return converter.NewPayloadCodecHTTPHandler(c) }

// Encode is the SDK's hook.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if c.encrypts == nil {
		return payloads, nil
	}
	encrypted := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		id := []byte(c.encrypts.id)
		encrypted[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingEncrypted), metadataKeyID: id,
			},
			Data: c.encrypts.aead.Seal(nil, nil, plain, id),
		}
	}
	return encrypted, nil
}

// Decode is the SDK's hook. What is not encrypted, since it is older or was typed by an
// operator, stays as it is.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	plain := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain[i] = p
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encodingEncrypted {
			continue
		}
		id := string(p.GetMetadata()[metadataKeyID])
		key := c.key(id)
		if key == nil {
			return nil, unreadable{domain.Text(domain.TextCodecKeyMissing, "key", id)}
		}
		data, err := key.aead.Open(nil, nil, p.GetData(), []byte(id))
		if err != nil {
			return nil, unreadable{domain.Text(domain.TextCodecKeyWrong, "key", id)}
		}
		plain[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(data, plain[i]); err != nil {
			return nil, err
		}
	}
	return plain, nil
}

// unreadable is a payload that this process has no key for.
type unreadable struct{ message string }

// Error says what to do.
func (e unreadable) Error() string { return e.message + " " + domain.Text(domain.TextCodecFix) }

// patient ends no workflow for a key that its worker lacks. In a workflow an error would
// fail the execution, or drop a signal; a panic fails the task, which Temporal tries again
// until a worker has the key.
type patient struct {
	converter.DataConverter
	inWorkflow bool
}

// WithWorkflowContext is the SDK's hook.
func (p patient) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return patient{p.DataConverter, true}
}

// WithContext is the SDK's hook.
func (p patient) WithContext(context.Context) converter.DataConverter { return p }

// FromPayload is the SDK's hook.
func (p patient) FromPayload(payload *commonpb.Payload, value any) error {
	return p.wait(p.DataConverter.FromPayload(payload, value))
}

// FromPayloads is the SDK's hook.
func (p patient) FromPayloads(payloads *commonpb.Payloads, values ...any) error {
	return p.wait(p.DataConverter.FromPayloads(payloads, values...))
}

func (p patient) wait(err error) error {
	var why unreadable
	if p.inWorkflow && errors.As(err, &why) {
		panic(why.Error())
	}
	return err
}

package api

import (
	"context"
	"encoding/json"
	"errors"

	"slipway/store"
)

// headerReplayed marks the answer to a request that was made before.
const headerReplayed = "Idempotent-Replayed"

// Idempotent is the part of every creating request that makes it safe to repeat.
type Idempotent struct {
	IdempotencyKey idempotencyKey `header:"Idempotency-Key" doc:"@idempotent.idempotency_key"`
}

// Replayable is the part of an answer that says whether it repeats an earlier one.
type Replayable struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when an earlier request with this key made the resource."`
}

func replayed(is bool) Replayable {
	if is {
		return Replayable{Replayed: "true"}
	}
	return Replayable{}
}

// idempotency finds what an earlier request with the same key made.
type idempotency struct {
	store   *store.Store
	secrets secrets
}

// creation is a request that makes one resource.
type creation struct {
	id    string                      // of what it makes
	check func() error                // of a new request; nil: it was checked before
	save  func(tx *store.Store) error // in the transaction that claims the key; nil: nothing
}

// key is the client's key for one operation of one caller, with a fingerprint
// of the body that only this server can make: bodies hold passwords.
func (i idempotency) key(in Idempotent, operation, caller string, body any) (store.Key, error) {
	canonical, err := json.Marshal(body)
	if err != nil {
		return store.Key{}, err
	}
	scope := operation + ":" + caller
	return store.Key{
		Scope: scope, Value: string(in.IdempotencyKey),
		Fingerprint: i.secrets.derive("fingerprint:" + scope + ":" + string(canonical)),
	}, nil
}

// errMade rolls back a transaction that found the key claimed meanwhile.
var errMade = errors.New("an earlier request with this key made the resource")

// makeOnce makes the resource for the caller of the operation, unless an earlier
// request with the key made one: then it returns that one's id and true.
func (i idempotency) makeOnce(
	ctx context.Context, in Idempotent, operation string, body any, c creation,
) (string, bool, error) {
	k, err := i.key(in, operation, callerOf(ctx).scope(), body)
	if err != nil {
		return "", false, err
	}
	return i.once(ctx, k, c)
}

// once makes the resource, unless an earlier request with the key made one.
func (i idempotency) once(ctx context.Context, k store.Key, c creation) (string, bool, error) {
	existing, err := i.store.FindKey(ctx, k)
	if err != nil || existing != "" {
		return existing, existing != "", err
	}
	if c.check != nil {
		if err := c.check(); err != nil {
			return "", false, err
		}
	}
	err = i.store.Within(ctx, func(tx *store.Store) error {
		if existing, err = tx.ClaimKey(ctx, k, c.id); err != nil {
			return err
		}
		if existing != "" {
			return errMade
		}
		if c.save == nil {
			return nil
		}
		return c.save(tx)
	})
	if errors.Is(err, errMade) {
		return existing, true, nil
	}
	return c.id, false, err
}

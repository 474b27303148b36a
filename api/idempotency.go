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

// key is the client's key for one operation of one caller, with a fingerprint
// of the body that only this server can make: bodies hold passwords.
func (a *API) key(in Idempotent, operation, caller string, body any) (store.Key, error) {
	canonical, err := json.Marshal(body)
	if err != nil {
		return store.Key{}, err
	}
	scope := operation + ":" + caller
	return store.Key{
		Scope: scope, Value: string(in.IdempotencyKey),
		Fingerprint: a.derive("fingerprint:" + scope + ":" + string(canonical)),
	}, nil
}

// errMade rolls back a transaction that found the key claimed meanwhile.
var errMade = errors.New("an earlier request with this key made the resource")

// once makes the resource with this id, unless an earlier request with the key
// made one: then it returns that one's id and true. Only a new request is
// checked; make runs in the transaction that claims the key.
func (a *API) once(
	ctx context.Context, k store.Key, id string, check func() error, make func(tx *store.Store) error,
) (string, bool, error) {
	existing, err := a.store.FindKey(ctx, k)
	if err != nil || existing != "" {
		return existing, existing != "", err
	}
	if err := check(); err != nil {
		return "", false, err
	}
	err = a.store.Within(ctx, func(tx *store.Store) error {
		if existing, err = tx.ClaimKey(ctx, k, id); err != nil {
			return err
		}
		if existing != "" {
			return errMade
		}
		return make(tx)
	})
	if errors.Is(err, errMade) {
		return existing, true, nil
	}
	return id, false, err
}

// unchecked is the check of a request that was checked before.
func unchecked() error { return nil }

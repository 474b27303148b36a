package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// kind is a noun whose rows are found by ids that begin with its prefix.
type kind[T any] struct {
	prefix, noun string
	read         func(*store.Store, context.Context, string) (*T, error)
	// lock reads the row for a change while others may change it too; nil where
	// reading it is enough.
	lock func(*store.Store, context.Context, string) (*T, error)
}

// check returns not_found for what cannot be an id of the kind, without a query.
func (k kind[T]) check(id string) error {
	if !store.ValidID(k.prefix, id) {
		return domain.NotFound(k.noun)
	}
	return nil
}

// find reads the row with the id.
func (k kind[T]) find(ctx context.Context, s *store.Store, id string) (*T, error) {
	if err := k.check(id); err != nil {
		return nil, err
	}
	return k.read(s, ctx, id)
}

// change changes the row with the id, in one transaction, and returns it.
func (k kind[T]) change(
	ctx context.Context, s *store.Store, id string, change func(tx *store.Store, row *T) error,
) (*T, error) {
	if err := k.check(id); err != nil {
		return nil, err
	}
	read := k.read
	if k.lock != nil {
		read = k.lock
	}
	var row *T
	err := s.Within(ctx, func(tx *store.Store) (err error) {
		if row, err = read(tx, ctx, id); err != nil {
			return err
		}
		return change(tx, row)
	})
	return row, err
}

package store

import (
	"context"

	"slipway/domain"
)

// InsertCommand stores a command before it is sent to its workflow. The same id
// again stores nothing.
func (s *Store) InsertCommand(ctx context.Context, c *domain.Command) error {
	_, err := insertNew(s.writer(ctx), c)
	return s.wrap("insert command", "", err)
}

// CommandByID returns the command, or not_found.
func (s *Store) CommandByID(ctx context.Context, id string) (*domain.Command, error) {
	c := new(domain.Command)
	err := s.conn(ctx).Where("id = ?", id).Take(c).Error
	return c, s.wrap("read command", "command", err)
}

// MarkApplied stores that a command was carried out; redundant: it changed nothing,
// because its effect was there already.
func (s *Store) MarkApplied(ctx context.Context, commandID string, redundant bool) error {
	err := s.writer(ctx).Model(&domain.Command{}).Where("id = ?", commandID).
		Updates(map[string]any{"applied_at": s.now(), "redundant": redundant}).Error
	return s.wrap("mark command", "", err)
}

// BlankToken deletes the token from a command, once a payment method has it.
func (s *Store) BlankToken(ctx context.Context, commandID string) error {
	err := s.writer(ctx).Model(&domain.Command{}).Where("id = ?", commandID).Update("token", "").Error
	return s.wrap("forget token", "", err)
}

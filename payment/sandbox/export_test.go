package sandbox

import "context"

// Ledger is every charge on the books, oldest first.
func (s *Server) Ledger(ctx context.Context) ([]Charge, error) { return s.ledger(ctx, "", -1) }

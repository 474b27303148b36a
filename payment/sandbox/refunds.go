package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"slipway/payment"
)

// refundRequest asks for a charge to be refunded, or canceled while
// nobody has confirmed it.
type refundRequest struct {
	Charge string `json:"charge"` // its key
	Amount int64  `json:"amount"` // minor units; 0 for all that is left
}

func (s *Server) postRefund(r *http.Request) (any, error) {
	var in refundRequest
	key, err := readRequest(r, &in)
	if err == nil && in.Amount < 0 {
		err = refuse("invalid_amount", "The amount cannot be negative.")
	}
	if err != nil {
		return nil, err
	}
	var c Charge
	err = s.within(r.Context(), func(tx *sql.Tx) (err error) {
		c, err = s.refundOnce(r.Context(), tx, key, in)
		return err
	})
	return s.shown(r, c), err
}

// refundOnce answers with the charge as it is after the refund, which a repeated
// key does not change.
func (s *Server) refundOnce(ctx context.Context, tx *sql.Tx, key string, in refundRequest) (Charge, error) {
	c, _, err := findCharge(ctx, tx, "key", in.Charge)
	if errors.Is(err, sql.ErrNoRows) {
		return c, noSuchCharge()
	}
	if err != nil {
		return c, err
	}
	var before refundRequest
	err = tx.QueryRowContext(ctx, `SELECT charge, amount FROM refunds WHERE key = ?`, key).
		Scan(&before.Charge, &before.Amount)
	switch {
	case err == nil && before != in:
		return c, reusedKey()
	case err == nil || !errors.Is(err, sql.ErrNoRows):
		return c, err
	}
	name, err := c.giveBack(in.Amount)
	if err != nil || name == "" {
		return c, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO refunds (key, charge, amount) VALUES (?, ?, ?)`, key, in.Charge, in.Amount)
	if err != nil {
		return c, err
	}
	return c, s.saveCharge(ctx, tx, c, name)
}

// giveBack changes the charge and returns its event; empty when there was nothing
// to refund.
func (c *Charge) giveBack(amount int64) (event string, err error) {
	left := c.Amount - c.Refunded
	switch {
	case c.Status == payment.StatusRequiresAction:
		c.Status = payment.StatusCanceled
		return hookChargeCanceled, nil
	case c.Status != payment.StatusSucceeded:
		return "", nil
	case amount > left:
		return "", refuse("amount_too_large", "More than what is left of the charge cannot be refunded.")
	case left == 0:
		return "", nil
	case amount == 0:
		amount = left
	}
	c.Refunded += amount
	return hookChargeRefunded, nil
}

// saveCharge writes what may change of a charge, with the event about it.
func (s *Server) saveCharge(ctx context.Context, tx *sql.Tx, c Charge, event string) error {
	_, err := tx.ExecContext(ctx, `UPDATE charges SET status = ?, code = ?, refunded = ? WHERE key = ?`,
		c.Status, c.Code, c.Refunded, c.Key)
	if err != nil {
		return err
	}
	m, err := methodByID(ctx, tx, c.Method)
	if err != nil {
		return err
	}
	return s.hooks.add(ctx, tx, m.token == "tok_webhook_chaos", c.Key, c.Ref, event)
}

package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type attachInput struct {
	Idempotent
	Body struct {
		PaymentOption string `json:"payment_option" maxLength:"100" doc:"Key of a payment option."`
		PaymentToken  string `json:"payment_token,omitempty" doc:"For payment options that take one; none does yet."`
	}
}

type methodInput struct {
	ID string `path:"id" doc:"Id of the payment method."`
}

type methodOutput struct {
	Replayable
	Body *domain.PaymentMethod
}

// listOwnMethods answers how the account pays.
func (a *API) listOwnMethods(ctx context.Context, in *listOwnInput) (*listOutput[domain.PaymentMethod], error) {
	p, err := in.decode(domain.PrefixPaymentMethod)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListMethods(ctx, callerOf(ctx).accountID, p))
}

// attachMethod adds a way to pay. The first becomes the default.
func (a *API) attachMethod(ctx context.Context, in *attachInput) (*methodOutput, error) {
	who := callerOf(ctx)
	k, err := a.key(in.Idempotent, "attach_payment_method", who.scope(), in.Body)
	if err != nil {
		return nil, err
	}
	method := &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: who.accountID, CreatedAt: a.store.Now(),
	}
	id, again, err := a.once(ctx, k, method.ID,
		func() error { return a.fill(ctx, method, in.Body.PaymentOption, in.Body.PaymentToken) },
		func(tx *store.Store) error {
			method, err = attach(ctx, tx, who, method)
			return err
		})
	if err == nil && again {
		method, err = a.store.MethodByID(ctx, who.accountID, id)
	}
	return &methodOutput{Replayable: replayed(again), Body: method}, err
}

// fill makes the method one of the option, if the account can pay with it.
func (a *API) fill(ctx context.Context, m *domain.PaymentMethod, key, token string) error {
	account, err := a.store.AccountByID(ctx, m.AccountID)
	if err != nil {
		return err
	}
	option, err := a.payableWith(ctx, key, token, account.Country, "")
	if err != nil {
		return err
	}
	m.Option, m.Provider, m.Type, m.Name = option.Key, option.Provider, option.Type, option.Name
	return nil
}

// attach stores the method with its event; an option the account pays with
// already is the method it has.
func attach(ctx context.Context, tx *store.Store, who caller, m *domain.PaymentMethod) (*domain.PaymentMethod, error) {
	_, err := tx.DefaultMethod(ctx, m.AccountID)
	first := domain.CodeOf(err) == domain.CodeNotFound
	if err != nil && !first {
		return nil, err
	}
	attached, err := tx.AttachMethod(ctx, m, first)
	if err != nil || attached.ID != m.ID {
		return attached, err
	}
	return attached, tx.InsertEvents(ctx, methodEvent(domain.EventPaymentMethodAttached, who, attached))
}

func methodEvent(t domain.EventType, who caller, m *domain.PaymentMethod) domain.Event {
	return domain.Event{
		Type: t, AccountID: m.AccountID, ActorType: who.Type, ActorID: who.ID,
		Data: map[string]any{"payment_method": m.ID, "payment_option": m.Option},
	}
}

// defaultMethod makes a payment method the one that is charged.
func (a *API) defaultMethod(ctx context.Context, in *methodInput) (*methodOutput, error) {
	who := callerOf(ctx)
	var method *domain.PaymentMethod
	err := a.changeMethod(ctx, in.ID, func(tx *store.Store, m *domain.PaymentMethod) error {
		method = m
		if m.Default {
			return nil
		}
		var err error
		if method, err = tx.AttachMethod(ctx, m, true); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, methodEvent(domain.EventPaymentMethodDefault, who, method))
	})
	return &methodOutput{Body: method}, err
}

// removeMethod takes a payment method away, unless it is the default and
// something will have to be paid with it.
func (a *API) removeMethod(ctx context.Context, in *methodInput) (*struct{}, error) {
	who := callerOf(ctx)
	return nil, a.changeMethod(ctx, in.ID, func(tx *store.Store, m *domain.PaymentMethod) error {
		if m.Default {
			if err := unneeded(ctx, tx, m.AccountID); err != nil {
				return err
			}
		}
		if err := tx.RemoveMethod(ctx, m); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, methodEvent(domain.EventPaymentMethodRemoved, who, m))
	})
}

func (a *API) changeMethod(ctx context.Context, id string, change func(*store.Store, *domain.PaymentMethod) error) error {
	if !store.ValidID(domain.PrefixPaymentMethod, id) {
		return domain.NotFound("payment method")
	}
	return a.store.Within(ctx, func(tx *store.Store) error {
		m, err := tx.MethodByID(ctx, callerOf(ctx).accountID, id)
		if err != nil {
			return err
		}
		return change(tx, m)
	})
}

// unneeded returns a conflict while the account's default method has something
// to pay: a paid subscription in use, or an open invoice.
func unneeded(ctx context.Context, tx *store.Store, accountID string) error {
	owes, err := tx.HasOpenInvoice(ctx, accountID)
	if err != nil {
		return err
	}
	live, err := tx.LiveSubscription(ctx, accountID)
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return err
	}
	if owes || (err == nil && live.Plan.Amount > 0) {
		return &domain.Error{Code: domain.CodeConflict,
			Detail: "Something is paid with this method; make another one the default first."}
	}
	return nil
}

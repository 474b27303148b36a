package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type attachInput struct {
	Idempotent
	Body struct {
		PaymentOption string `json:"payment_option" format:"code" maxLength:"100" doc:"Key of a payment option."`
		PaymentToken  string `json:"payment_token,omitempty" format:"token" doc:"@attach.payment_token"`
	}
}

type methodInput struct {
	ID string `path:"id" doc:"Id of the payment method."`
}

type methodOutput struct {
	Replayable
	Body *domain.PaymentMethod
}

// paymentMethods are how accounts pay.
type paymentMethods struct {
	*shared
	commands commands
	options  paymentOptions
}

// list answers how the account pays.
func (p paymentMethods) list(ctx context.Context, in *listOwnInput) (*listOutput[domain.PaymentMethod], error) {
	page, err := in.decode(domain.PrefixPaymentMethod)
	if err != nil {
		return nil, err
	}
	return listed(p.store.ListMethods(ctx, callerOf(ctx).accountID, page))
}

// attachedMethod is a payment method in the answer to adding it: it may need the
// customer to go to a page first, hence its own struct.
type attachedMethod struct {
	domain.PaymentMethod
	SetupURL string `json:"setup_url,omitempty" doc:"@attachedMethod.setup_url"`
}

type attachOutput struct {
	Replayable
	Body *attachedMethod
}

// attach adds a way to pay. The first becomes the default. What is charged is
// made by its provider first.
func (p paymentMethods) attach(ctx context.Context, in *attachInput) (*attachOutput, error) {
	who := callerOf(ctx)
	method := &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: who.accountID, CreatedAt: p.store.Now(),
	}
	id, again, err := p.makeOnce(ctx, in.Idempotent, "attach_payment_method", in.Body, creation{
		id:    method.ID,
		check: func() error { return p.fill(ctx, method, in.Body.PaymentOption, in.Body.PaymentToken) },
		save: func(tx *store.Store) (err error) {
			err = tx.RoomForMethod(ctx, method.AccountID, method.Option, p.config.Limits.PaymentMethods)
			if err != nil {
				return err
			}
			if method.Proposed() {
				return tx.ProposeMethod(ctx, method)
			}
			method, err = attach(ctx, tx, who, method)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	if again {
		if method, err = p.store.MethodEver(ctx, id); err != nil {
			return nil, err
		}
	}
	out := &attachOutput{Replayable: replayed(again), Body: &attachedMethod{}}
	if method, out.Body.SetupURL, err = p.made(ctx, method); err != nil {
		return nil, err
	}
	out.Body.PaymentMethod = *method
	return out, nil
}

// made has the provider make the method, where one does.
func (p paymentMethods) made(ctx context.Context, m *domain.PaymentMethod) (*domain.PaymentMethod, string, error) {
	if !m.Proposed() {
		return m, "", nil
	}
	page, refused, err := p.flows.AttachMethod(ctx, m)
	if err != nil {
		return nil, "", err
	}
	if refused != "" {
		why := domain.Text(domain.TextProviderRefused, "reason", refused)
		e := domain.Invalid("body.payment_token", why, domain.Text(domain.AcceptOtherCard))
		e.Reason, e.Detail = domain.ReasonCardRefused, domain.Text(domain.TextCardRefused)
		return nil, "", e
	}
	m, err = p.store.MethodEver(ctx, m.ID)
	return m, page, err
}

// fill makes the method one of the option, if the account can pay with it.
func (p paymentMethods) fill(ctx context.Context, m *domain.PaymentMethod, key, token string) error {
	account, err := p.store.AccountByID(ctx, m.AccountID)
	if err != nil {
		return err
	}
	option, err := p.options.usable(ctx, key, token, account.Country, "")
	if err != nil {
		return err
	}
	*m = *option.NewMethod(m.ID, m.AccountID, m.CreatedAt)
	m.Token = token
	return nil
}

// attach stores the method with its event; an option the account pays with
// already is the method it has.
func attach(ctx context.Context, tx *store.Store, who caller, m *domain.PaymentMethod) (*domain.PaymentMethod, error) {
	earlier, err := orNil(tx.DefaultMethod(ctx, m.AccountID))
	if err != nil {
		return nil, err
	}
	attached, err := tx.AttachMethod(ctx, m, earlier == nil)
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

// makeDefault makes a payment method the one that is charged.
func (p paymentMethods) makeDefault(ctx context.Context, in *methodInput) (*methodOutput, error) {
	who := callerOf(ctx)
	var method *domain.PaymentMethod
	err := p.change(ctx, in.ID, func(tx *store.Store, m *domain.PaymentMethod) error {
		method = m
		if m.Default {
			return nil
		}
		if m.Proposed() {
			return domain.Conflict(domain.TextPaymentMethodUnfinished)
		}
		if err := tx.MakeDefault(ctx, m); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, methodEvent(domain.EventPaymentMethodDefault, who, method))
	})
	if err != nil {
		return nil, err
	}
	return &methodOutput{Body: method}, p.retryWith(ctx, method)
}

// retryWith charges a late payment to the method that became the default.
func (p paymentMethods) retryWith(ctx context.Context, m *domain.PaymentMethod) error {
	sub, err := orNil(p.store.LiveSubscription(ctx, m.AccountID))
	if err != nil || sub == nil || sub.Status != domain.SubscriptionPastDue || !m.Chargeable() {
		return err
	}
	_, err = p.commands.give(ctx, subscriptionTarget(sub), commandRequest{
		command: domain.Command{Action: domain.ActionRetryPayment, MethodID: m.ID},
	})
	return err
}

// remove takes a payment method away, unless it is the default and something
// will have to be paid with it.
func (p paymentMethods) remove(ctx context.Context, in *methodInput) (*struct{}, error) {
	who := callerOf(ctx)
	return nil, p.change(ctx, in.ID, func(tx *store.Store, m *domain.PaymentMethod) error {
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

func (p paymentMethods) change(
	ctx context.Context, id string, change func(*store.Store, *domain.PaymentMethod) error,
) error {
	if !store.ValidID(domain.PrefixPaymentMethod, id) {
		return domain.NotFound("payment method")
	}
	return p.store.Within(ctx, func(tx *store.Store) error {
		m, err := tx.LockMethod(ctx, callerOf(ctx).accountID, id)
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
	live, err := orNil(tx.LiveSubscription(ctx, accountID))
	if err != nil {
		return err
	}
	if owes || (live != nil && live.Plan.Amount > 0) {
		return domain.Conflict(domain.TextPaymentMethodNeeded)
	}
	return nil
}

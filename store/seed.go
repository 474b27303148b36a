package store

import (
	"context"

	"slipway/domain"
)

// Seed adds the plans, payment options and credit packages of a new installation. What is
// there already, changed or not, stays as it is.
func (s *Store) Seed(ctx context.Context) error {
	return s.Within(ctx, func(tx *Store) error {
		now := tx.now()
		for i, p := range seedPlans() {
			p.ID, p.Sort, p.CreatedAt, p.UpdatedAt = NewID(domain.PrefixPlan), 10*(i+1), now, now
			p.Present()
			if _, err := insertNew(tx.writer(ctx), &p); err != nil {
				return tx.wrap("seed plan", "", err)
			}
		}
		for i, o := range seedPaymentOptions() {
			o.ID, o.Sort, o.CreatedAt, o.UpdatedAt = NewID(domain.PrefixPaymentOption), 10*(i+1), now, now
			o.Present()
			if _, err := insertNew(tx.writer(ctx), &o); err != nil {
				return tx.wrap("seed payment option", "", err)
			}
		}
		for i, p := range seedCreditPackages() {
			p.ID, p.Sort, p.CreatedAt, p.UpdatedAt = NewID(domain.PrefixCreditPackage), 10*(i+1), now, now
			if _, err := insertNew(tx.writer(ctx), &p); err != nil {
				return tx.wrap("seed credit package", "", err)
			}
		}
		return nil
	})
}

func seedPlans() []domain.Plan {
	plan := func(code, name, description string, amount int64, credits, sites int64, features ...string) domain.Plan {
		return domain.Plan{
			Code: code, Name: name, Description: description, Amount: amount, Currency: "usd",
			Interval: domain.IntervalMonth, PaymentMethodCollection: domain.CollectIfRequired,
			Credits: credits, Limits: map[string]int64{domain.LimitSites: sites}, Features: features,
			Active: true, Public: true,
		}
	}
	free := plan("free", "Free", "To look around.", 0, 100, 1)
	free.Default = true
	starter := plan("starter", "Starter", "Fourteen days to try, no card needed.", 8900, 1000, 3)
	starter.TrialDays = 14
	growth := plan("growth", "Growth", "For teams that ship every week.", 13900, 2000, 10, "api")
	scale := plan("scale", "Scale", "For many sites and heavy use.", 22900, 4000, 25, "api", "sso")
	// Hidden: agreed with sales, never chosen by a rule, whatever it costs.
	enterprise := plan("enterprise", "Enterprise", "By agreement.", 0, 10000, 1000, "api", "sso")
	enterprise.Public = false
	return []domain.Plan{free, starter, growth, scale, enterprise}
}

// seededCardProvider is who charges the seeded card until UseCardProvider says
// who does: the one that needs no contract with anybody.
const seededCardProvider = "sandbox"

func seedPaymentOptions() []domain.PaymentOption {
	return []domain.PaymentOption{
		{
			Key: "bank_transfer", ExternalID: "14", Name: "Bank transfer", Type: domain.TypeBankTransfer,
			Provider: domain.ProviderManual, CollectionMethod: domain.SendInvoice, Enabled: true, Preferred: true,
			Instructions: "Transfer the amount to the account on your invoice, write the invoice number into the purpose, " +
				"then submit the transfer's reference here.",
		},
		{
			Key: "card", Name: "Card", Type: domain.TypeCard,
			Provider: seededCardProvider, CollectionMethod: domain.ChargeAutomatically, Enabled: true,
		},
		{
			Key: "wallet", Name: "Mobile wallet", Type: domain.TypeWallet,
			Provider: domain.ProviderManual, CollectionMethod: domain.SendInvoice, Enabled: true,
			Countries:    []string{"GH", "KE", "RW", "TZ", "UG", "ZM"},
			Instructions: "Send the amount to the number on your invoice, then submit the transaction code here.",
		},
		{
			Key: "cheque", Name: "Cheque", Type: domain.TypeInvoice,
			Provider: domain.ProviderManual, CollectionMethod: domain.SendInvoice, Enabled: false,
			Instructions: "Cheques are not taken at the moment.",
		},
	}
}

func seedCreditPackages() []domain.CreditPackage {
	return []domain.CreditPackage{
		{Code: "credits-500", Name: "500 credits", Credits: 500, Amount: 1900, Currency: "usd", Active: true},
		{Code: "credits-2000", Name: "2,000 credits", Credits: 2000, Amount: 5900, Currency: "usd", Active: true},
	}
}

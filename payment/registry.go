package payment

import (
	"fmt"
	"slices"
	"strings"
)

// Registration is what the engine knows of a provider, as data: nothing outside
// the provider's own package decides by its name.
type Registration struct {
	// Name is what payment options, payments and the webhook address
	// (/webhooks/{name}) call it; lower-case letters, digits, - and _.
	Name string
	// Provider does the work. It verifies and reads its own events.
	Provider Provider
	// Charges: it charges stored methods. Otherwise customers pay by the option's
	// instructions, and an admin approves.
	Charges bool
	// Types are the payment option types it serves, such as card; none for all.
	Types []string
	// Simulated: no real money moves. The catalogue's card goes to a real provider
	// as soon as one is registered.
	Simulated bool
	// Check finds mistakes in its settings for the doctor, asking nobody; nil
	// without any to find. Its error is a sentence for the operator.
	Check func() error
}

// Serves reports whether payment options of the type may name the provider.
func (r Registration) Serves(optionType string) bool {
	return len(r.Types) == 0 || slices.Contains(r.Types, optionType)
}

// Registry is the providers of one installation, in order of preference. It does
// not change once it is made.
type Registry struct{ list []Registration }

// NewRegistry refuses a registration without a provider, and a name that was
// given before or fits no address.
func NewRegistry(list ...Registration) (*Registry, error) {
	for i, r := range list {
		switch {
		case r.Name == "" || strings.Trim(r.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
			return nil, fmt.Errorf("payment provider %q: the name needs lower-case letters, digits, - and _ only", r.Name)
		case r.Provider == nil:
			return nil, fmt.Errorf("payment provider %q: there is nothing behind the name", r.Name)
		case slices.ContainsFunc(list[:i], func(other Registration) bool { return other.Name == r.Name }):
			return nil, fmt.Errorf("payment provider %q is registered twice", r.Name)
		}
	}
	return &Registry{list: slices.Clone(list)}, nil
}

// Find returns the registration with the name, if there is one.
func (r *Registry) Find(name string) (Registration, bool) {
	i := slices.IndexFunc(r.list, func(x Registration) bool { return x.Name == name })
	if i < 0 {
		return Registration{}, false
	}
	return r.list[i], true
}

// Choose returns the first registration that serves the type and charges, or does
// not; one whose money is real goes before one that is simulated.
func (r *Registry) Choose(optionType string, charges bool) (Registration, bool) {
	for _, simulated := range []bool{false, true} {
		for _, x := range r.list {
			if x.Serves(optionType) && x.Charges == charges && x.Simulated == simulated {
				return x, true
			}
		}
	}
	return Registration{}, false
}

// All returns every registration, in order of preference.
func (r *Registry) All() []Registration { return slices.Clone(r.list) }

// Names lists those registered, in order of preference.
func (r *Registry) Names() []string {
	names := make([]string, 0, len(r.list))
	for _, x := range r.list {
		names = append(names, x.Name)
	}
	return names
}

// Providers is the providers by name, for those who ask them for money.
func (r *Registry) Providers() map[string]Provider {
	providers := make(map[string]Provider, len(r.list))
	for _, x := range r.list {
		providers[x.Name] = x.Provider
	}
	return providers
}

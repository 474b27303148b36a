package workflows

// HasPolicy reports whether steps may name the retry policy.
func HasPolicy(name string) bool { _, found := stepPolicies[name]; return found }

package domain

import "slices"

// Moves is a state machine as data: for each state the states that may follow.
// A state without successors is an end. The same tables are CHECKs in both
// databases and diagrams in docs/states.md; tests compare all three.
type Moves[S ~string] map[S][]S

// Allows reports whether from → to is in the table.
func (m Moves[S]) Allows(from, to S) bool {
	return slices.Contains(m[from], to)
}

// Ends reports whether nothing follows s.
func (m Moves[S]) Ends(s S) bool {
	return len(m[s]) == 0
}

// States returns every state of the table, sorted.
func (m Moves[S]) States() []S {
	states := make([]S, 0, len(m))
	for s := range m {
		states = append(states, s)
	}
	slices.Sort(states)
	return states
}

// check returns nil when the move is allowed, or the 409 that names it.
func (m Moves[S]) check(from, to S, available []Action) error {
	if m.Allows(from, to) {
		return nil
	}
	return InvalidTransition(string(from), string(to), available)
}

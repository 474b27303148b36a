package app

// ready says that the process does its work.
func (a *App) ready(url string) {
	if a.OnReady != nil {
		a.OnReady(url)
	}
}

// onClose adds what is undone when the app closes.
func (a *App) onClose(f func()) { a.closers = append(a.closers, f) }

// Close undoes what was built, latest first.
func (a *App) Close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}

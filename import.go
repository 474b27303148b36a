package main

import "context"

func runImport(ctx context.Context, a *app) error { return nil }

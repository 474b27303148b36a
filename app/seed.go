package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"
	"github.com/urfave/cli/v3"

	"slipway/domain"
)

func seedCommand(do action) *cli.Command {
	return &cli.Command{Name: "seed", Action: do(runSeed),
		Usage: "add the plans, payment options and admin of a new installation"}
}

func runSeed(ctx context.Context, a *App) error {
	defer a.Close()
	if err := errors.Join(a.openStore(), a.ConnectProviders(a.SecretKey == "")); err != nil {
		return err
	}
	if err := a.seedCatalogue(ctx); err != nil {
		return err
	}
	password, err := a.ensureAdmin(ctx, func() (string, error) { return randomPassword(), nil })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "Plans and payment options are in place. Admin: %s%s\n", a.AdminEmail, password)
	return err
}

// ensureAdmin makes sure the admin can sign in: with the password that was set,
// else, when there is no admin yet, with a generated one. It returns what to
// print about the password.
func (a *App) ensureAdmin(ctx context.Context, generate func() (string, error)) (string, error) {
	password := a.AdminPassword
	if password == "" {
		email, _ := domain.NormalEmail(a.AdminEmail) // settings have checked it
		user, err := a.Store.UserByEmail(ctx, email)
		if err == nil && user.Role == domain.RoleAdmin {
			return ", with the password it has", nil
		}
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return "", err
		}
		if password, err = generate(); err != nil {
			return "", err
		}
	}
	if err := a.SetAdmin(ctx, password); err != nil {
		return "", err
	}
	if a.AdminPassword != "" {
		return ", with the password that was set", nil
	}
	return ", password " + password + " (shown this once)", nil
}

// SetAdmin creates the admin or gives it the password. A new password ends the
// admin's sessions; the one that it has leaves everything as it is.
func (a *App) SetAdmin(ctx context.Context, password string) error {
	email, _ := domain.NormalEmail(a.AdminEmail)
	params, err := a.HashParams()
	if err != nil {
		return err
	}
	user, err := a.Store.UserByEmail(ctx, email)
	if err == nil && user.Role == domain.RoleAdmin {
		if same, _ := argon2id.ComparePasswordAndHash(domain.NormalPassword(password), user.PasswordHash); same {
			return nil
		}
	}
	hash, err := argon2id.CreateHash(domain.NormalPassword(password), params)
	if err != nil {
		return fmt.Errorf("hash the admin's password: %w", err)
	}
	_, err = a.Store.EnsureAdmin(ctx, email, hash)
	return err
}

package domain_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestPublicAddress_IsOneOfTheInternets(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"93.184.216.34", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "172.32.0.1", "100.128.0.1",
	} {
		assert.True(t, domain.PublicAddress(netip.MustParseAddr(text)), text)
	}
	for _, text := range []string{
		"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "0.1.2.3", "::",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "::ffff:10.0.0.1",
		"169.254.169.254", "::ffff:169.254.169.254", "::ffff:100.64.0.1", "::ffff:0.1.2.3",
		"fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "2001:db8::1%eth0",
		"100.64.0.1", "100.127.255.255", "224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1", "255.255.255.255",
		"198.18.0.1", "192.0.0.192",
		"::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1",
	} {
		assert.False(t, domain.PublicAddress(netip.MustParseAddr(text)), text)
	}
}

func TestValidWebhookURL_TakesHTTPSOfAHostAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"https://example.com/hooks?key=1", "https://example.com:8443", "https://example.com:65535",
		"https://93.184.216.34/x"} {
		assert.True(t, domain.ValidWebhookURL(u, false), u)
		assert.True(t, domain.ValidWebhookURL(u, true), u)
	}
	for _, u := range []string{
		"http://example.com", "https://127.0.0.1/x", "https://[::ffff:127.0.0.1]/", "https://localhost/x",
		"https://169.254.169.254/latest",
	} {
		assert.False(t, domain.ValidWebhookURL(u, false), u)
		assert.True(t, domain.ValidWebhookURL(u, true), u)
	}
	for _, u := range []string{
		"", "example.com", "https://", "https:///x", "ftp://example.com", "file:///etc/passwd", "javascript:alert(1)",
		"https://example.com:0/", "https://example.com:65536/", "https://example.com:99999/", "https://example.com:x/",
		"https:example.com", "https://user:word@example.com/", "https://user@example.com/", "https://exa mple.com/",
		"https://example.com/\n", "https://example.com/" + strings.Repeat("x", 2000),
	} {
		assert.False(t, domain.ValidWebhookURL(u, false), u)
		assert.False(t, domain.ValidWebhookURL(u, true), u)
	}
}

func TestValidEventFilter_TakesATypeOrANoun(t *testing.T) {
	t.Parallel()
	for _, f := range []string{"invoice.paid", "invoice.*", "payment_method.*", "webhook_endpoint.*", "webhook.test"} {
		assert.True(t, domain.ValidEventFilter(f), f)
	}
	for _, f := range []string{
		"", "*", "*.*", "invoice", "invoice.", ".paid", "Invoice.paid", "invoice.pa*", "invoice.paid.late",
		"invoice.paid ", "invoice.payed", "invoices.*", "in.*", "webhook",
	} {
		assert.False(t, domain.ValidEventFilter(f), f)
	}
}

func TestWebhookEndpoint_KeepsTheFirstReasonAndForgetsItWhenEnabled(t *testing.T) {
	t.Parallel()
	w := &domain.WebhookEndpoint{Enabled: true}
	w.Disable(domain.DisabledGone)
	w.Disable(domain.DisabledByHand)
	assert.Equal(t, domain.DisabledGone, w.DisabledReason)
	w.Enable()
	assert.Equal(t, domain.WebhookEndpoint{Enabled: true}, *w)
}

func TestWebhookDelivery_MovesAsItsTableSays(t *testing.T) {
	t.Parallel()
	d := &domain.WebhookDelivery{Status: domain.DeliveryPending}
	assert.Equal(t, domain.CodeConflict, domain.CodeOf(d.Advance(domain.DeliveryDelivered)), "nothing was posted")
	assert.NoError(t, d.Advance(domain.DeliveryDelivering))
	assert.NoError(t, d.Advance(domain.DeliveryDelivered))
	for from := range domain.DeliveryMoves {
		d = &domain.WebhookDelivery{Status: from, Attempts: 3, LastError: "timeout"}
		d.Again()
		assert.Equal(t, domain.WebhookDelivery{Status: domain.DeliveryPending, Attempts: 3}, *d)
	}
}

package api

import "github.com/gin-gonic/gin"

// creditPackages are what accounts buy credits in.
type creditPackages struct {
	*shared
	invoices invoices
}

// listPublic answers every package for sale, from memory, as that of plans does.
func (c creditPackages) listPublic(request *gin.Context) { c.serveCopy(request, &c.catalogue.packages) }

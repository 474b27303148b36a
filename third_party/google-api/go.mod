// A stand-in for the module of the same name: see ../README.md.
module google.golang.org/api

go 1.26

require golang.org/x/oauth2 v0.36.0

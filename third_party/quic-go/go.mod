// A stand-in for the module of the same name: see ../README.md.
module github.com/quic-go/quic-go

go 1.26

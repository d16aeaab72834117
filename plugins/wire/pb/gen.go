// Package pb is the generated protobuf and gRPC code of the plugin boundary. The hand-written package
// plugins/wire wraps it; nothing but plugins/wire, plugins/sdk and plugins/host should import it.
package pb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative am.proto

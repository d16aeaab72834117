package wire

// The handshake is go-plugin's: the host sets the cookie and the versions it speaks in an otherwise empty
// environment, the plugin answers with one line on its standard output,
//
//	1|PROTOCOL|unix|/path/of/socket|grpc|
//
// and serves gRPC there.
const (
	// ProtocolVersion is the version of the messages in package pb.
	ProtocolVersion = 1
	// CookieKey and CookieValue tell a plugin that a Quire host started it. They are no secret.
	CookieKey   = "QUIRE_PLUGIN"
	CookieValue = "access-method"
	// SocketDirEnv names the directory, private to host and plugin, in which the plugin makes its socket.
	SocketDirEnv = "PLUGIN_UNIX_SOCKET_DIR"
	// LanesSocket is the name, in that directory, of the socket on which a plugin takes lanes in shared memory.
	LanesSocket = "lanes"
	// LogLevelEnv carries the lowest level the host keeps ("debug", "info", ...); the plugin need not send others.
	LogLevelEnv = "QUIRE_LOG_LEVEL"
	// PluginName is the key of the one entry in go-plugin's plugin set.
	PluginName = "access_method"
)

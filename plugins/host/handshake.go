package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/hashicorp/go-plugin"

	"github.com/quiredb/quire/plugins/wire"
)

// maxHandshake bounds the handshake line; a socket path has at most 108 bytes.
const maxHandshake = 512

// readStdout passes the handshake line on to go-plugin after checking it, and logs whatever else comes.
func (p *process) readStdout(out io.Reader, line *io.PipeWriter) {
	in := bufio.NewReaderSize(out, maxHandshake)
	text, err := in.ReadSlice('\n')
	bad := func(err error) {
		p.fail(err)
		_ = line.CloseWithError(io.EOF)
		p.signal(syscall.SIGKILL)
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		bad(fmt.Errorf("plugin wrote %d bytes without a line end to standard output where the handshake line was expected, beginning %q; "+
			"it must write nothing before sdk.Serve", len(text), excerpt(text)))
	case len(text) == 0:
		_ = line.CloseWithError(io.EOF) // it ended or closed its output: the exit tells more
	default:
		if err := checkHandshake(string(text), p.socketDir); err != nil {
			bad(err)
			break
		}
		_, _ = line.Write(text)
	}
	p.tail.readLines(in, "stdout")
	_ = line.CloseWithError(io.EOF)
}

// checkHandshake judges the line that a plugin announces itself with: CORE|PROTOCOL|unix|PATH|grpc|...
func checkHandshake(line, socketDir string) error {
	f := strings.Split(strings.TrimRight(line, "\r\n"), "|")
	if len(f) < 5 {
		return fmt.Errorf("plugin wrote %q to standard output where the handshake line was expected; it must write nothing before sdk.Serve",
			excerpt([]byte(line)))
	}
	if core, err := strconv.Atoi(f[0]); err != nil || core != plugin.CoreProtocolVersion {
		return fmt.Errorf("plugin speaks go-plugin's core protocol %q, this host speaks %d; rebuild it with this host's SDK",
			excerpt([]byte(f[0])), plugin.CoreProtocolVersion)
	}
	if version, err := strconv.Atoi(f[1]); err != nil || version != wire.ProtocolVersion {
		return fmt.Errorf("plugin speaks protocol version %s, this host speaks version %d; install a plugin built with this host's SDK",
			excerpt([]byte(f[1])), wire.ProtocolVersion)
	}
	if f[2] != "unix" || f[4] != "grpc" {
		return fmt.Errorf("plugin offers %q over %q, gRPC over a unix socket was expected; rebuild it with this host's SDK",
			excerpt([]byte(f[4])), excerpt([]byte(f[2])))
	}
	if filepath.Dir(f[3]) != filepath.Clean(socketDir) {
		return fmt.Errorf("plugin announced the socket %q, outside of its directory %s; refused", excerpt([]byte(f[3])), socketDir)
	}
	return nil
}

// excerpt is the beginning of bytes that came from a plugin, fit to be printed.
func excerpt(b []byte) string {
	const most = 80
	s := wire.CleanText(strings.TrimRight(string(b[:min(len(b), most)]), "\r\n"))
	if len(b) > most {
		s += "..."
	}
	return s
}

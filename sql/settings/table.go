package settings

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

const (
	maxInt = 1<<31 - 1
	maxKB  = 1<<31 - 1
)

func boolean(name, def string, ctx Context, help string) Definition {
	return Definition{Name: name, Type: Bool, Default: def, Context: ctx, Help: help}
}

func integer(name, def string, unit Unit, lo, hi float64, ctx Context, help string) Definition {
	return Definition{Name: name, Type: Int, Default: def, Unit: unit, Min: lo, Max: hi, Context: ctx, Help: help}
}

func real64(name, def string, lo, hi float64, ctx Context, help string) Definition {
	return Definition{Name: name, Type: Real, Default: def, Min: lo, Max: hi, Context: ctx, Help: help}
}

func enum(name, def string, ctx Context, help string, values ...string) Definition {
	return Definition{Name: name, Type: Enum, Default: def, Values: values, Context: ctx, Help: help}
}

func text(name, def string, ctx Context, help string) Definition {
	return Definition{Name: name, Type: String, Default: def, Context: ctx, Help: help}
}

func (d Definition) reported() Definition { d.Report = true; return d }

func (d Definition) checked(f func(string) (string, error)) Definition { d.Check = f; return d }

// table is every parameter. Names are PostgreSQL's wherever it has one.
var table = []Definition{
	// Connections.
	text("listen_addresses", "127.0.0.1", Postmaster, "Addresses to listen on, separated by commas; empty for none."),
	integer("port", "5433", None, 0, 65535, Postmaster, "TCP port, and suffix of the unix socket's name; 0 picks a free one."),
	text("unix_socket_directories", "", Postmaster, "Directory of the unix socket; empty for none."),
	integer("max_connections", "100", None, 1, 10000, Postmaster, "Most connections at a time."),
	integer("authentication_timeout", "60", Second, 1, 600, Sighup, "Time a client has to authenticate."),
	boolean("ssl", "off", Postmaster, "Offer TLS to TCP clients."),
	text("ssl_cert_file", "", Postmaster, "Certificate chain for TLS, PEM."),
	text("ssl_key_file", "", Postmaster, "Private key for TLS, PEM."),

	// Memory.
	integer("shared_buffers", "16384", Blocks, 16, 1<<24, Postmaster, "Buffers for tables and everything that is not an index."),
	integer("am_buffers", "8192", Blocks, 16, 1<<24, Postmaster, "Buffers for the indexes of each access method."),
	integer("work_mem", "4096", KB, 64, maxKB, User, "Memory of one sort or hash before it spills or fails."),
	integer("maintenance_work_mem", "65536", KB, 1024, maxKB, User, "Memory of VACUUM and CREATE INDEX."),

	// The log and checkpoints.
	enum("synchronous_commit", "on", User, "What a commit waits for.", "on", "off", "local"),
	integer("max_wal_size", "1024", MB, 32, 1<<30, Sighup, "WAL that brings the next checkpoint on."),
	integer("checkpoint_timeout", "300", Second, 30, 86400, Sighup, "Longest time between checkpoints."),
	integer("wal_keep_size", "256", MB, 0, 1<<30, Sighup, "WAL kept for standbys that are away."),
	integer("wal_writer_delay", "200", MS, 1, 10000, Sighup, "How long asynchronous commits may wait for their flush."),
	integer("wal_segment_size", "16777216", Unit("B"), 16777216, 16777216, Internal, "Size of a WAL segment."),
	integer("bgwriter_delay", "200", MS, 10, 10000, Sighup, "Pause of the background writer between rounds."),

	// Replication.
	integer("max_wal_senders", "10", None, 0, 1000, Postmaster, "Most replication connections at a time."),
	integer("wal_sender_timeout", "60000", MS, 0, maxInt, Sighup, "Silence of a standby that ends its connection; 0 for never."),
	integer("wal_receiver_timeout", "60000", MS, 0, maxInt, Sighup, "Silence of the primary that ends the connection; 0 for never."),
	integer("wal_receiver_status_interval", "10", Second, 0, 2147483, Sighup, "Longest time between a standby's status updates."),
	integer("max_standby_streaming_delay", "30000", MS, -1, maxInt, Sighup, "How long replay waits for queries that conflict with it; -1 for ever."),
	text("primary_conninfo", "", Postmaster, "Connection string of the primary that a standby follows."),

	// Plugins.
	text("plugin_dir", "", Postmaster, "Directory of access method plugins; empty for none."),
	integer("plugin_start_timeout", "10000", MS, 100, 600000, Postmaster, "Time a plugin has to start."),
	integer("plugin_call_timeout", "60000", MS, 10, maxInt, Postmaster, "Time a plugin may be silent within a call."),

	// Planner.
	boolean("enable_seqscan", "on", User, "Lets the planner use sequential scans."),
	boolean("enable_indexscan", "on", User, "Lets the planner use index scans."),
	boolean("enable_indexonlyscan", "on", User, "Lets the planner use index-only scans."),
	boolean("enable_bitmapscan", "on", User, "Lets the planner use bitmap scans."),
	boolean("enable_sort", "on", User, "Lets the planner use explicit sorts."),
	boolean("enable_hashagg", "on", User, "Lets the planner use hashed aggregation."),
	boolean("enable_hashjoin", "on", User, "Lets the planner use hash joins."),
	boolean("enable_nestloop", "on", User, "Lets the planner use nested loops."),
	real64("seq_page_cost", "1", 0, 1e300, User, "Cost of a page read in sequence."),
	real64("random_page_cost", "4", 0, 1e300, User, "Cost of a page read at random."),
	real64("cpu_tuple_cost", "0.01", 0, 1e300, User, "Cost of a row processed."),
	real64("cpu_index_tuple_cost", "0.005", 0, 1e300, User, "Cost of an index entry processed."),
	real64("cpu_operator_cost", "0.0025", 0, 1e300, User, "Cost of an operator or function called."),
	integer("effective_cache_size", "524288", Blocks, 1, maxInt, User, "Memory that caches pages, for the planner."),
	integer("default_statistics_target", "100", None, 1, 10000, User, "How thoroughly ANALYZE samples."),

	// Sessions.
	text("application_name", "", User, "Name of the client program, for views and logs.").reported(),
	enum("client_encoding", "UTF8", User, "Encoding of the client; UTF8 alone is supported.", "UTF8", "UNICODE", "SQL_ASCII").reported().withAlias(),
	text("DateStyle", "ISO, MDY", User, "Format of dates; ISO alone is supported.").reported().checked(dateStyle),
	enum("IntervalStyle", "postgres", User, "Format of intervals.", "postgres", "iso_8601").reported(),
	text("TimeZone", "UTC", User, "Time zone in which timestamptz is shown and read.").reported().checked(timeZone),
	text("search_path", `"$user", public`, User, "Schemas searched for unqualified names."),
	integer("extra_float_digits", "1", None, -15, 3, User, "Digits of floats; 1 and above give the shortest exact form."),
	enum("bytea_output", "hex", User, "Format of bytea.", "hex", "escape"),
	boolean("standard_conforming_strings", "on", User, "Backslashes in '…' are ordinary; on alone is supported.").reported().checked(onlyOn),
	enum("backslash_quote", "safe_encoding", User, `Accepted for clients; \' works in E'' strings alone.`, "safe_encoding"),
	boolean("row_security", "on", User, "Accepted for clients; there are no policies."),
	boolean("check_function_bodies", "on", User, "Accepted for clients; there are no functions to define."),
	enum("default_transaction_isolation", "read committed", User, "Isolation of new transactions.",
		"read committed", "repeatable read", "read uncommitted", "serializable").checkedEnum(),
	enum("transaction_isolation", "read committed", User, "Isolation of the current transaction.",
		"read committed", "repeatable read", "read uncommitted", "serializable").checkedEnum(),
	boolean("default_transaction_read_only", "off", User, "New transactions are read only.").reported(),
	boolean("transaction_read_only", "off", User, "The current transaction is read only."),
	integer("statement_timeout", "0", MS, 0, maxInt, User, "Longest time of a statement; 0 for no limit."),
	integer("lock_timeout", "0", MS, 0, maxInt, User, "Longest wait for a lock; 0 for no limit."),
	integer("idle_in_transaction_session_timeout", "0", MS, 0, maxInt, User, "Silence within a transaction that ends the session; 0 for no limit."),
	integer("idle_session_timeout", "0", MS, 0, maxInt, User, "Silence outside of a transaction that ends the session; 0 for no limit."),
	integer("deadlock_timeout", "1000", MS, 1, maxInt, Superuser, "Accepted for clients; deadlocks are found at once."),
	enum("client_min_messages", "notice", User, "Least severe messages sent to the client.",
		"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"),

	// The server's log.
	enum("log_level", "info", Sighup, "Least severe lines of the server's log.", "debug", "info", "warn", "error"),

	// What the server is.
	text("server_version", "15.0", Internal, "Version that clients are told.").reported(),
	integer("server_version_num", "150000", None, 0, maxInt, Internal, "The same as a number."),
	text("server_encoding", "UTF8", Internal, "Encoding of the database.").reported(),
	boolean("integer_datetimes", "on", Internal, "Timestamps are integers.").reported(),
	integer("block_size", "8192", None, 8192, 8192, Internal, "Size of a page."),
	text("data_directory_mode", "0700", Internal, "Mode of the data directory."),
	boolean("in_hot_standby", "off", Internal, "This node is a standby.").reported(),
	boolean("is_superuser", "off", Internal, "The session's user is a superuser.").reported(),
	text("session_authorization", "", Internal, "The session's user.").reported(),
	text("role", "none", Internal, "The role that SET ROLE has taken, or none."),
	text("lc_collate", "C", Internal, "Collation: bytewise."),
	text("lc_ctype", "C", Internal, "Character classes: bytewise."),
	integer("max_identifier_length", "63", None, 63, 63, Internal, "Longest name."),
	integer("max_index_keys", "32", None, 32, 32, Internal, "Most columns of an index."),
}

var byName = func() map[string]*Definition {
	m := make(map[string]*Definition, len(table))
	for i := range table {
		m[strings.ToLower(table[i].Name)] = &table[i]
	}
	return m
}()

// withAlias accepts the names PostgreSQL has for the one encoding.
func (d Definition) withAlias() Definition {
	d.Type = String
	d.Check = func(v string) (string, error) {
		switch strings.ToUpper(strings.NewReplacer("-", "", "_", "", "'", "").Replace(v)) {
		case "UTF8", "UNICODE", "SQLASCII":
			return "UTF8", nil
		}
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"client_encoding\": %q", v).
			WithDetail("Only UTF8 is supported.")
	}
	return d
}

// checkedEnum maps the isolation levels that are not offered to what a user would rather have: read uncommitted is
// read committed, as in PostgreSQL; serializable is refused.
func (d Definition) checkedEnum() Definition {
	name := d.Name
	d.Type = String
	d.Check = func(v string) (string, error) {
		switch v := strings.ToLower(v); v {
		case "read committed", "repeatable read":
			return v, nil
		case "read uncommitted":
			return "read committed", nil
		case "serializable":
			return "", pgerr.New(pgerr.FeatureNotSupported, "isolation level SERIALIZABLE is not supported").
				WithHint("Use REPEATABLE READ.")
		}
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", name, v).
			WithHint("Available values: read committed, repeatable read, read uncommitted.")
	}
	return d
}

func dateStyle(v string) (string, error) {
	order := "MDY"
	for _, w := range strings.FieldsFunc(strings.ToUpper(v), func(r rune) bool { return r == ',' || r == ' ' }) {
		switch w {
		case "ISO", "DEFAULT":
		case "MDY", "US":
			order = "MDY"
		case "DMY", "EURO", "EUROPEAN":
			order = "DMY"
		case "YMD":
			order = "YMD"
		default:
			return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"DateStyle\": %q", v).
				WithDetail("Only ISO output is supported.")
		}
	}
	return "ISO, " + order, nil
}

func timeZone(v string) (string, error) {
	switch strings.ToLower(v) {
	case "utc", "gmt", "zulu", "default":
		return "UTC", nil
	case "", "local":
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": %q", v)
	}
	loc, ok := datum.LoadZone(v)
	if !ok {
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": %q", v).
			WithHint("Use a name of the IANA time zone database, such as Europe/Berlin.")
	}
	return loc.String(), nil
}

func onlyOn(v string) (string, error) {
	if b, ok := parseBool(v); ok && b {
		return "on", nil
	}
	return "", pgerr.New(pgerr.FeatureNotSupported, "standard_conforming_strings cannot be turned off").
		WithHint("Write E'…' for strings with backslash escapes.")
}

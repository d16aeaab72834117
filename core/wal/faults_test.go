package wal

import "syscall"

// faults are the errors that tests inject, by name.
var faults = map[string]error{"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC}

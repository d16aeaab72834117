package lock

// Mode is the strength of a lock. Modes are PostgreSQL's, weakest first; the zero value is no lock.
type Mode uint8

// The eight modes, each with the statements that take it.
const (
	AccessShare          Mode = iota + 1 // SELECT
	RowShare                             // SELECT FOR UPDATE
	RowExclusive                         // INSERT, UPDATE, DELETE, COPY FROM
	ShareUpdateExclusive                 // VACUUM, ANALYZE
	Share                                // CREATE INDEX; waiting for the end of a transaction; a row FOR SHARE
	ShareRowExclusive                    // not used by any statement yet
	Exclusive                            // being the transaction of that number; a row FOR UPDATE
	AccessExclusive                      // DROP TABLE, VACUUM FULL, TRUNCATE
)

const modeCount = int(AccessExclusive) + 1

// modeSet has bit m set for each Mode m in it.
type modeSet uint16

func setOf(modes ...Mode) modeSet {
	var s modeSet
	for _, m := range modes {
		s |= 1 << m
	}
	return s
}

func (s modeSet) has(m Mode) bool { return s&(1<<m) != 0 }

// conflicts[m] is the set of modes that nobody else may hold beside m (PostgreSQL, "Explicit Locking", table 13.2).
var conflicts = [modeCount]modeSet{
	AccessShare:          setOf(AccessExclusive),
	RowShare:             setOf(Exclusive, AccessExclusive),
	RowExclusive:         setOf(Share, ShareRowExclusive, Exclusive, AccessExclusive),
	ShareUpdateExclusive: setOf(ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive),
	Share:                setOf(RowExclusive, ShareUpdateExclusive, ShareRowExclusive, Exclusive, AccessExclusive),
	ShareRowExclusive: setOf(RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive,
		AccessExclusive),
	Exclusive: setOf(RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive,
		AccessExclusive),
	AccessExclusive: setOf(AccessShare, RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive,
		Exclusive, AccessExclusive),
}

// Conflicts reports whether two owners may not hold m and other on the same tag.
func (m Mode) Conflicts(other Mode) bool { return conflicts[m].has(other) }

var modeNames = [modeCount]string{
	"NoLock", "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
	"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
}

// String returns PostgreSQL's name of the mode, such as "AccessShareLock".
func (m Mode) String() string {
	if int(m) >= modeCount {
		return "invalid lock mode"
	}
	return modeNames[m]
}

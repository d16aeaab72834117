package wire

import "github.com/quiredb/quire/core/page"

// Sizes in bytes and counts that both halves keep to.
const (
	// MaxMessage is what a sender fills a message up to.
	MaxMessage = 1 << 20
	// HardCap is what a receiver accepts at most. gRPC refuses more before it is read.
	HardCap = 4 << 20
	// MaxReadPages bounds one Read request: its reply stays below MaxMessage.
	MaxReadPages = 120
	// MaxBulkPages bounds one BulkWrite request.
	MaxBulkPages = 64
	// MaxExtend bounds the blocks handed out by one Extend request.
	MaxExtend = 1024
	// MaxFinishBlocks is the number of pages one record may change.
	MaxFinishBlocks = 32
	// MaxRowBatch is the number of bytes of packed rows in a message.
	MaxRowBatch = 512 << 10
	// MaxHits is the number of hits in a message.
	MaxHits = 16384
	// MaxRowFates is the number of rows in one RowFates request.
	MaxRowFates = 16384
	// DefaultWorkMem is the number of bytes a build may use for sorting if nobody says otherwise.
	DefaultWorkMem = 64 << 20
	// MaxSpills is the number of temporary files that a call has open at a time.
	MaxSpills = 256
	// MaxSpillIO is the number of bytes in one write to, or read from, a temporary file.
	MaxSpillIO = 512 << 10
	// MaxLookups is the number of searches that a call of several sessions carries.
	MaxLookups = 64
	// HitWindow is the number of messages of hits that a scan may send before the host allows more.
	HitWindow = 3
	// MaxScanKeys is the number of bytes that all arguments of a scan take.
	MaxScanKeys = 2 << 20
	// MaxAnnotation is the length of a record's annotation, printable ASCII.
	MaxAnnotation = 63
	// MaxIndexSlots is the number of indexes that the plugin's end of a lane keeps the description of.
	MaxIndexSlots = 64
	// MaxColumns is the number of columns of an index.
	MaxColumns = 32
	// MaxText bounds any message, detail or hint that a plugin sends.
	MaxText = 4096
	// MaxEmptyPages bounds the image of an empty index.
	MaxEmptyPages = 16
	// MaxDeadSet bounds the serialised set of dead rows of one BulkDelete.
	MaxDeadSet = 256 << 20
)

const _ = uint(MaxMessage - MaxReadPages*page.Size - 4096) // a full Read reply fits into a message

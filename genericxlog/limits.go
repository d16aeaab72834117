package genericxlog

// Flags say how a registered page is to be logged.
type Flags uint8

// FullImage logs the whole page instead of what changed. Registering a buffer again with FullImage upgrades it.
const FullImage Flags = 1

const (
	// MaxBlocks is the number of pages that one record may change.
	MaxBlocks = 32

	// MaxAnnotation is the length limit of an annotation in bytes.
	MaxAnnotation = 63

	// maxFixedBytes bounds the bytes of a blocks section that are not payloads or annotation: two varints and a flag
	// byte in front.
	maxFixedBytes = 16

	// maxBlockBytes bounds the bytes of one block reference without its payload: block number 5, flags 1, distance 10,
	// horizon 10, CRC 4, payload length 3.
	maxBlockBytes = 33
)

package archive

// chunkSize is what a file's content is cut into.
const chunkSize = 1 << 20

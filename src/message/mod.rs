//! What exactly does this reader get: headers, MIME, bytes.

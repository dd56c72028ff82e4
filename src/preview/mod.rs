//! What will it look like?

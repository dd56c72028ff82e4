//! Whom may we write to.

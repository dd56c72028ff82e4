//! What do we durably know per recipient?

//! Is it fit to send?

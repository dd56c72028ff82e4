//! Tests of the whole program: the real binary, against a relay and a referee of our own.

mod architecture;
mod publication;
mod referee;
mod relay;

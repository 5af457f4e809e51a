//! How diagnostics are shown. Everything is computed from [`Diagnostics`](super::Diagnostics) and [`Sources`](crate::source::Sources).

//! Diagnostics: what they are, their codes, and how they are shown.
//!
//! Every room of the compiler makes [`Diagnostic`]s beside the rule they speak of and pushes them
//! into one [`Diagnostics`]. Only [`render`] knows how they look.

pub mod codes;
mod diagnostic;
mod drawing;
pub mod explain;
pub mod fix;
mod kept;
pub mod render;
pub mod report;
mod suggest;

pub use codes::{Code, Severity};
pub use diagnostic::{Applicability, Diagnostic, Diagnostics, Edit, Fix, Identity, Label};
pub use drawing::drawn_loop;
pub use kept::Kept;
pub use report::Report;
pub use suggest::{did_you_mean, nearest, one_of, question};

//! Pages.
use super::{Graph, Matrix};
/// g
pub fn graph(graph: &Graph) -> String {
    super::svg::graph(graph)
}
/// m
pub fn matrix(matrix: &Matrix) -> String {
    super::svg::matrix(matrix)
}

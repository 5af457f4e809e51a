//! Disjoint covers of sets of label combinations: exact, and as small as a search of all covers finds them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use std::collections::{BTreeSet, HashMap};

use fleetc::target::argocd::cover::{Box, cover};

/// A generator of numbers that gives the same ones everywhere (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

fn all_points(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for size in sizes {
        all = all.iter().flat_map(|point| (0..*size).map(move |c| [point.as_slice(), &[c]].concat())).collect();
    }
    all
}

fn holds(part: &Box, point: &[usize]) -> bool {
    part.iter().zip(point).all(|(coordinates, coordinate)| coordinates.contains(coordinate))
}

fn assert_exact(sizes: &[usize], set: &[Vec<usize>]) -> usize {
    let boxes = cover(sizes, set);
    for point in all_points(sizes) {
        let held = boxes.iter().filter(|part| holds(part, &point)).count();
        assert_eq!(held, usize::from(set.contains(&point)), "{point:?} of {sizes:?} in {boxes:?} for {set:?}");
    }
    boxes.len()
}

#[test]
fn a_cover_holds_each_point_once_and_no_other() {
    let mut numbers = Numbers(7);
    for _ in 0..600 {
        let sizes: Vec<usize> = (0..1 + numbers.below(4)).map(|_| 1 + numbers.below(4)).collect();
        let dense = 1 + numbers.below(9);
        let points = all_points(&sizes);
        let set: Vec<Vec<usize>> = points.into_iter().filter(|_| numbers.below(10) < dense).collect();
        assert_exact(&sizes, &set);
    }
}

#[test]
fn nothing_and_everything_need_no_choice() {
    assert!(cover(&[3, 2], &[]).is_empty());
    assert_eq!(cover(&[3, 2], &all_points(&[3, 2])), vec![vec![vec![0, 1, 2], vec![0, 1]]]);
    assert_eq!(cover(&[], &[Vec::new()]), vec![Vec::<Vec<usize>>::new()]);
}

/// A predicate over labels, as the language has them.
enum Predicate {
    Among(usize, Vec<usize>),
    Not(std::boxed::Box<Predicate>),
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
}

impl Predicate {
    fn random(numbers: &mut Numbers, sizes: &[usize], depth: usize) -> Self {
        let parts = |numbers: &mut Numbers| {
            (0..2 + numbers.below(2)).map(|_| Self::random(numbers, sizes, depth - 1)).collect::<Vec<_>>()
        };
        match numbers.below(if depth == 0 { 1 } else { 6 }) {
            0 | 1 => {
                let label = numbers.below(sizes.len());
                let some = 1 + numbers.below((1 << sizes[label]) - 2);
                Self::Among(label, (0..sizes[label]).filter(|value| some & (1 << value) != 0).collect())
            }
            2 => Self::Not(std::boxed::Box::new(Self::random(numbers, sizes, depth - 1))),
            3 | 4 => Self::And(parts(numbers)),
            _ => Self::Or(parts(numbers)),
        }
    }

    fn holds(&self, point: &[usize]) -> bool {
        match self {
            Self::Among(label, values) => values.contains(&point[*label]),
            Self::Not(inner) => !inner.holds(point),
            Self::And(parts) => parts.iter().all(|part| part.holds(point)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(point)),
        }
    }
}

/// All boxes of the 3 x 3 x 3 x 3 space as bits, largest first, by each point that they hold.
fn boxes_by_point() -> Vec<Vec<u128>> {
    let points = all_points(&[3; 4]);
    let mut by_point = vec![Vec::new(); 81];
    for choice in all_points(&[7; 4]) {
        let inside = |point: &Vec<usize>| choice.iter().zip(point).all(|(subset, c)| (subset + 1) & (1 << c) != 0);
        let bits = points.iter().enumerate().filter(|(_, p)| inside(p)).fold(0_u128, |bits, (i, _)| bits | 1 << i);
        (0..81).filter(|index| bits & (1 << index) != 0).for_each(|index| by_point[index].push(bits));
    }
    for boxes in &mut by_point {
        boxes.sort_by_key(|bits| (std::cmp::Reverse(bits.count_ones()), *bits));
    }
    by_point
}

/// Whether `left` is the sum of at most `size` boxes: every box that holds its first point is tried.
fn coverable(left: u128, size: usize, boxes: &[Vec<u128>], failed: &mut HashMap<u128, usize>) -> bool {
    if left == 0 {
        return true;
    }
    if size == 0 || failed.get(&left).is_some_and(|known| *known >= size) {
        return false;
    }
    let first = left.trailing_zeros() as usize;
    let inside = boxes[first].iter().filter(|part| **part & !left == 0);
    for part in inside {
        if coverable(left & !part, size - 1, boxes, failed) {
            return true;
        }
    }
    failed.insert(left, size);
    false
}

/// The number of generators is the least there can be, and over all of them at most a tenth more.
#[test]
fn covers_of_predicates_over_four_labels_of_three_values_are_the_smallest() {
    let sizes = [3; 4];
    let points = all_points(&sizes);
    let boxes = boxes_by_point();
    let mut numbers = Numbers(2026);
    let mut seen = BTreeSet::new();
    let (mut ours, mut least) = (0, 0);
    let wanted: usize = std::env::var("FLEETC_COVERS").map_or(300, |text| text.parse().expect("a number"));
    while seen.len() < wanted {
        let predicate = Predicate::random(&mut numbers, &sizes, 3);
        let set: Vec<Vec<usize>> = points.iter().filter(|point| predicate.holds(point)).cloned().collect();
        let bits = points.iter().enumerate().filter(|(_, p)| predicate.holds(p)).fold(0_u128, |b, (i, _)| b | 1 << i);
        if !seen.insert(bits) {
            continue;
        }
        let count = assert_exact(&sizes, &set);
        let mut failed = HashMap::new();
        // What is found with fewer boxes is the least; what is not is ours.
        let minimum = (0..count).find(|size| coverable(bits, *size, &boxes, &mut failed)).unwrap_or(count);
        ours += count;
        least += minimum;
        assert!(count * 10 <= minimum * 11, "{count} boxes where {minimum} are enough: {set:?}");
    }
    println!("{wanted} predicates: {ours} boxes, at least {least}");
    assert!(ours * 10 <= least * 11);
}

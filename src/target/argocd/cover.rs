//! Disjoint covers: a set of combinations of labels as few boxes, each of which a selector can say.
//!
//! Takes the sizes of the dimensions and some of their points, gives boxes. Knows nothing of labels.
//!
//! A box is a set of coordinates in each dimension, which is what the conjunction of `In` and `NotIn` says. The boxes of a
//! cover have no point in common: the clusters generator would make an Application twice (argocd.md 2.5).
//!
//! Invariant (`tests/cover.rs`): the boxes hold each point of the set once and no other point.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};

/// A set of coordinates in each dimension, in order.
pub type Box = Vec<Vec<usize>>;

/// How many boxes the search for fewer ones looks at.
const BUDGET: usize = 3_000;
/// The search for fewer boxes is made where there are no more points and no more boxes than that.
const SEARCHED: usize = 256;
const MOST_BOXES: usize = 10;
/// Nor where there may be more boxes than that around one point.
const MOST_AROUND: usize = 1_024;
/// How many sets the recursion remembers before it no longer tries every dimension.
const MOST_SETS: usize = 4_000;

/// Boxes without a common point that hold the points of `set` and no others, in the order of their first points.
///
/// `sizes` says how many coordinates each dimension has. What lies outside of them is no point.
pub fn cover(sizes: &[usize], set: &[Vec<usize>]) -> Vec<Box> {
    let grid = Grid::new(sizes);
    let mut wanted = grid.empty();
    for index in set.iter().filter_map(|point| grid.index(point)) {
        wanted.insert(index);
    }
    let alike: Vec<Vec<Vec<usize>>> = (0..sizes.len()).map(|dimension| grid.alike(&wanted, dimension)).collect();
    let counts: Vec<usize> = alike.iter().map(Vec::len).collect();
    let small = Grid::new(&counts);
    let mut left = small.empty();
    for index in wanted.iter() {
        let place = |(dimension, alike): (usize, &Vec<Vec<usize>>)| {
            alike.iter().position(|all| all.contains(&grid.coordinate(index, dimension)))
        };
        let point: Option<Vec<usize>> = alike.iter().enumerate().map(place).collect();
        if let Some(index) = point.and_then(|point| small.index(&point)) {
            left.insert(index);
        }
    }
    let boxes = small.cover(&left);
    let wide = |(alike, chosen): (&Vec<Vec<usize>>, &Vec<usize>)| {
        let mut coordinates: Vec<usize> =
            chosen.iter().filter_map(|place| alike.get(*place)).flatten().copied().collect();
        coordinates.sort_unstable();
        coordinates
    };
    let mut boxes: Vec<Box> = boxes.iter().map(|part| alike.iter().zip(part).map(wide).collect()).collect();
    boxes.sort();
    boxes
}

/// A set of points, by their index. It has an order, so that nothing depends on that of a hash.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Points {
    words: Vec<u64>,
}

impl Points {
    fn insert(&mut self, index: usize) {
        if let Some(word) = self.words.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn first(&self) -> Option<usize> {
        let (place, word) = self.words.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some(place * 64 + word.trailing_zeros() as usize)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.words.len() * 64).filter(|index| self.contains(*index))
    }

    fn without(&self, other: &Self) -> Self {
        Self { words: self.words.iter().zip(&other.words).map(|(mine, theirs)| mine & !theirs).collect() }
    }

    fn holds(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(mine, theirs)| theirs & !mine == 0)
    }
}

/// The space: how coordinates become an index.
struct Grid<'s> {
    sizes: &'s [usize],
    strides: Vec<usize>,
    size: usize,
}

type Memory = HashMap<(Points, Vec<usize>), Vec<Box>>;

impl<'s> Grid<'s> {
    fn new(sizes: &'s [usize]) -> Self {
        let mut strides = Vec::new();
        let mut size: usize = 1;
        for length in sizes.iter().rev() {
            strides.push(size);
            size = size.saturating_mul(*length);
        }
        strides.reverse();
        Self { sizes, strides, size }
    }

    fn empty(&self) -> Points {
        Points { words: vec![0; self.size.div_ceil(64)] }
    }

    fn index(&self, point: &[usize]) -> Option<usize> {
        let inside = point.len() == self.sizes.len() && point.iter().zip(self.sizes).all(|(c, size)| c < size);
        inside.then(|| point.iter().zip(&self.strides).map(|(coordinate, stride)| coordinate * stride).sum())
    }

    fn coordinate(&self, index: usize, dimension: usize) -> usize {
        match (self.strides.get(dimension), self.sizes.get(dimension)) {
            (Some(stride), Some(size)) if *stride > 0 && *size > 0 => index / stride % size,
            _ => 0,
        }
    }

    fn cover(&self, wanted: &Points) -> Vec<Box> {
        let all: Vec<usize> = (0..self.sizes.len()).collect();
        let mut boxes = self.split(wanted, &all, &mut HashMap::new());
        self.merge(&mut boxes);
        // How many boxes there may be around a point.
        let around =
            self.sizes.iter().fold(1_usize, |all, size| all.saturating_mul(1 << size.saturating_sub(1).min(20)));
        if self.size <= SEARCHED && boxes.len() <= MOST_BOXES && around <= MOST_AROUND {
            return self.fewer(wanted, boxes.len()).unwrap_or(boxes);
        }
        boxes
    }

    /// The coordinates of a dimension, those together behind which the same points follow: they are one to a cover.
    fn alike(&self, wanted: &Points, dimension: usize) -> Vec<Vec<usize>> {
        let cofactors = self.cofactors(wanted, dimension);
        let mut alike: Vec<Vec<usize>> = cofactors.into_values().collect();
        let size = self.sizes.get(dimension).copied().unwrap_or_default();
        let empty: Vec<usize> =
            (0..size).filter(|coordinate| !alike.iter().flatten().any(|c| c == coordinate)).collect();
        if !empty.is_empty() {
            alike.push(empty);
        }
        alike.sort();
        alike
    }

    /// Boxes for `wanted`, which is looked at in the dimensions `left` only: it does not depend on the others.
    ///
    /// Coordinates of one dimension behind which the same points follow stay together. The dimension that gives the
    /// fewest boxes is taken.
    fn split(&self, wanted: &Points, left: &[usize], memory: &mut Memory) -> Vec<Box> {
        if wanted.first().is_none() {
            return Vec::new();
        }
        let deciding: Vec<usize> = left.iter().copied().filter(|dimension| self.decides(wanted, *dimension)).collect();
        if deciding.is_empty() {
            return vec![self.sizes.iter().map(|size| (0..*size).collect()).collect()];
        }
        let key = (wanted.clone(), deciding.clone());
        if let Some(known) = memory.get(&key) {
            return known.clone();
        }
        let tried = if memory.len() < MOST_SETS { deciding.len() } else { 1 };
        let mut best: Option<Vec<Box>> = None;
        for dimension in deciding.iter().take(tried) {
            let rest: Vec<usize> = deciding.iter().copied().filter(|other| other != dimension).collect();
            let mut boxes = Vec::new();
            for (cofactor, coordinates) in self.cofactors(wanted, *dimension) {
                for mut part in self.split(&cofactor, &rest, memory) {
                    if let Some(own) = part.get_mut(*dimension) {
                        own.clone_from(&coordinates);
                    }
                    boxes.push(part);
                }
            }
            self.merge(&mut boxes);
            if best.as_ref().is_none_or(|best| boxes.len() < best.len()) {
                best = Some(boxes);
            }
        }
        let best = best.unwrap_or_default();
        memory.insert(key, best.clone());
        best
    }

    fn decides(&self, wanted: &Points, dimension: usize) -> bool {
        let cofactors = self.cofactors(wanted, dimension);
        cofactors.len() > 1 || cofactors.values().any(|c| Some(&c.len()) != self.sizes.get(dimension))
    }

    /// The points behind each coordinate of a dimension, spread over the whole dimension, with the coordinates that have the
    /// same; those that have none are left out.
    fn cofactors(&self, wanted: &Points, dimension: usize) -> BTreeMap<Points, Vec<usize>> {
        let (Some(stride), Some(size)) = (self.strides.get(dimension), self.sizes.get(dimension)) else {
            return BTreeMap::new();
        };
        let mut behind: Vec<Points> = vec![self.empty(); *size];
        for index in wanted.iter() {
            let coordinate = self.coordinate(index, dimension);
            let base = index - coordinate * stride;
            if let Some(points) = behind.get_mut(coordinate) {
                (0..*size).for_each(|other| points.insert(base + other * stride));
            }
        }
        let mut all: BTreeMap<Points, Vec<usize>> = BTreeMap::new();
        for (coordinate, points) in behind.into_iter().enumerate().filter(|(_, points)| points.first().is_some()) {
            all.entry(points).or_default().push(coordinate);
        }
        all
    }

    /// Joins boxes that differ in one dimension only, as long as there are some.
    fn merge(&self, boxes: &mut Vec<Box>) {
        let mut again = true;
        while again {
            again = false;
            for dimension in 0..self.sizes.len() {
                let mut joined: BTreeMap<Box, Vec<usize>> = BTreeMap::new();
                for mut part in boxes.drain(..) {
                    let own = part.get_mut(dimension).map(std::mem::take).unwrap_or_default();
                    let coordinates = joined.entry(part).or_default();
                    again |= !coordinates.is_empty();
                    coordinates.extend(own);
                }
                for (mut part, mut coordinates) in joined {
                    coordinates.sort_unstable();
                    if let Some(own) = part.get_mut(dimension) {
                        *own = coordinates;
                    }
                    boxes.push(part);
                }
            }
        }
    }

    fn points_of(&self, part: &Box) -> Points {
        let mut indices = vec![0];
        for (coordinates, stride) in part.iter().zip(&self.strides) {
            indices = indices.iter().flat_map(|index| coordinates.iter().map(move |c| index + c * stride)).collect();
        }
        let mut points = self.empty();
        indices.into_iter().for_each(|index| points.insert(index));
        points
    }

    /// A cover with fewer than `known` boxes, if the search finds one within its budget.
    fn fewer(&self, wanted: &Points, known: usize) -> Option<Vec<Box>> {
        let mut search = Search { grid: self, budget: BUDGET, failed: HashMap::new() };
        (self.lower_bound(wanted)..known).find_map(|size| {
            let mut chosen = Vec::new();
            search.cover(wanted, size, &mut chosen).then_some(chosen)
        })
    }

    /// The size of a set of points of which no two can be in one box.
    fn lower_bound(&self, wanted: &Points) -> usize {
        let mut apart: Vec<usize> = Vec::new();
        for index in wanted.iter() {
            if apart.iter().all(|other| !self.joinable(wanted, index, *other)) {
                apart.push(index);
            }
        }
        apart.len()
    }

    /// Whether some box within `wanted` holds both points: the smallest that does has the coordinates of both.
    fn joinable(&self, wanted: &Points, one: usize, two: usize) -> bool {
        let mut indices = vec![0];
        for (dimension, stride) in self.strides.iter().enumerate() {
            let (a, b) = (self.coordinate(one, dimension), self.coordinate(two, dimension));
            let both = if a == b { vec![a] } else { vec![a, b] };
            indices = indices.iter().flat_map(|index| both.iter().map(move |c| index + c * stride)).collect();
        }
        indices.into_iter().all(|index| wanted.contains(index))
    }
}

/// The search for a cover of a given size.
struct Search<'g, 's> {
    grid: &'g Grid<'s>,
    budget: usize,
    /// How many boxes are known not to be enough for what is left.
    failed: HashMap<Points, usize>,
}

impl Search<'_, '_> {
    /// Whether `left` can be covered by at most `size` boxes, which are added to `chosen`.
    fn cover(&mut self, left: &Points, size: usize, chosen: &mut Vec<Box>) -> bool {
        let Some(first) = left.first() else { return true };
        if size == 0 || self.failed.get(left).is_some_and(|failed| *failed >= size) {
            return false;
        }
        if self.grid.lower_bound(left) > size {
            return false;
        }
        let mut boxes: Vec<(Box, Points)> = Vec::new();
        self.around(left, first, 0, &mut Vec::new(), &mut boxes);
        boxes.sort_by(|(a, ap), (b, bp)| bp.len().cmp(&ap.len()).then(a.cmp(b)));
        for (part, points) in boxes {
            if self.budget == 0 {
                return false;
            }
            self.budget -= 1;
            chosen.push(part);
            if self.cover(&left.without(&points), size - 1, chosen) {
                return true;
            }
            chosen.pop();
        }
        self.failed.insert(left.clone(), size);
        false
    }

    /// The boxes within `left` that hold the point `first`.
    fn around(&self, left: &Points, first: usize, dimension: usize, begun: &mut Box, found: &mut Vec<(Box, Points)>) {
        let Some(size) = self.grid.sizes.get(dimension) else {
            let points = self.grid.points_of(begun);
            if left.holds(&points) {
                found.push((begun.clone(), points));
            }
            return;
        };
        let own = self.grid.coordinate(first, dimension);
        // A box that leaves `left` with this coordinate leaves it with more of them, too.
        let mut allowed = Vec::new();
        for coordinate in (0..*size).filter(|coordinate| *coordinate != own) {
            begun.push(vec![coordinate]);
            let mut corner = begun.clone();
            corner.extend((dimension + 1..self.grid.sizes.len()).map(|later| vec![self.grid.coordinate(first, later)]));
            begun.pop();
            if left.holds(&self.grid.points_of(&corner)) {
                allowed.push(coordinate);
            }
        }
        let choices = 1_usize << allowed.len().min(usize::BITS as usize - 2);
        for choice in 0..choices {
            let more = allowed.iter().enumerate().filter(|(bit, _)| choice & (1 << bit) != 0).map(|(_, c)| *c);
            let mut coordinates: Vec<usize> = more.chain([own]).collect();
            coordinates.sort_unstable();
            begun.push(coordinates);
            self.around(left, first, dimension + 1, begun, found);
            begun.pop();
        }
    }
}

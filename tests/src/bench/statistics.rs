//! Medians, percentiles and pairwise ratios.

/// The value in the middle; of an even number, the mean of the two. `NaN` of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    }
}

/// The smallest value that this share of the values (0 to 100 per cent) does not exceed.
pub(crate) fn percentile(values: impl IntoIterator<Item = f64>, per_cent: usize) -> f64 {
    let sorted = sorted(values);
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// The median of what each value is to its partner: what disturbed a pair disturbed both of it.
pub(crate) fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::median;
    use super::percentile;
    use super::ratio;

    #[expect(clippy::float_cmp, reason = "these figures are exact")]
    #[test]
    fn the_middle_and_the_tail_are_found() {
        let values = || (1..=100).map(f64::from);
        let exact = [
            median(values()),
            median([3.0, 1.0, 2.0]),
            percentile(values(), 50),
            percentile(values(), 99),
            percentile(values(), 100),
            percentile([7.0], 99),
            ratio(&[2.0, 9.0, 8.0], &[1.0, 3.0, 4.0]),
        ];
        assert_eq!(exact, [50.5, 2.0, 50.0, 99.0, 100.0, 7.0, 2.0]);
        assert!(median([]).is_nan());
        assert!(percentile([], 99).is_nan());
    }
}

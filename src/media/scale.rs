//! Making planes smaller: every output value is the exact mean of the area it
//! covers, in integers, so that the same frame gives the same bytes everywhere.

/// A plane of interleaved 8-bit values inside a larger one.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// From the first value of the first row on.
    pub values: &'a [u8],
    /// Values from one row to the next.
    pub stride: usize,
    /// Values a pixel: 1 or 3.
    pub channels: usize,
    pub width_px: usize,
    pub height_px: usize,
}

/// Overlaps of one output cell with the inputs: `to` cells over `from` inputs.
/// The weights of a cell add up to `from`.
fn overlaps(cell: usize, from: usize, to: usize) -> impl Iterator<Item = (usize, u32)> {
    // In units of 1/to of an input, where both grids have whole numbers.
    let (start, end) = (cell * from, (cell + 1) * from);
    (start / to..end.div_ceil(to)).map(move |input| {
        let weight = end.min((input + 1) * to) - start.max(input * to);
        (input, weight as u32)
    })
}

/// The plane in another size; `None` if its values are fewer than its size
/// says, or a size is zero.
pub fn area(plane: Plane, width_px: usize, height_px: usize) -> Option<Vec<u8>> {
    let row_values = plane.width_px * plane.channels;
    let empty = width_px == 0 || height_px == 0 || row_values == 0 || plane.height_px == 0;
    let last = (plane.height_px.checked_sub(1)?).checked_mul(plane.stride)?;
    if empty || row_values > plane.stride || plane.values.len() < last + row_values {
        return None;
    }
    let mut out = Vec::with_capacity(width_px * height_px * plane.channels);
    if (width_px, height_px) == (plane.width_px, plane.height_px) {
        let rows = plane.values.chunks(plane.stride).take(height_px);
        rows.for_each(|row| out.extend_from_slice(&row[..row_values]));
        return Some(out);
    }
    // 255 and a half times this stays below 2^32.
    let whole = u32::try_from(plane.width_px * plane.height_px).ok()?;
    if whole > 1 << 24 {
        return None;
    }
    let mut sums = vec![0_u32; row_values];
    for y in 0..height_px {
        sums.fill(0);
        for (row, weight) in overlaps(y, plane.height_px, height_px) {
            let start = row * plane.stride;
            let row = &plane.values[start..start + row_values];
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weight * u32::from(value);
            }
        }
        for x in 0..width_px {
            for channel in 0..plane.channels {
                let inputs = overlaps(x, plane.width_px, width_px);
                let total: u32 = inputs
                    .map(|(input, weight)| weight * sums[input * plane.channels + channel])
                    .sum();
                // A mean of bytes is a byte.
                out.push(((total + whole / 2) / whole) as u8);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: &[u8], width_px: usize, channels: usize) -> Plane<'_> {
        let stride = width_px * channels;
        Plane { values, stride, channels, width_px, height_px: values.len() / stride }
    }

    #[test]
    fn a_mean_is_exact() {
        assert_eq!(area(plane(&[0, 100, 50, 250], 2, 1), 1, 1), Some(vec![100]));
        // Three columns into two: the middle one is shared.
        assert_eq!(area(plane(&[30, 60, 90], 3, 1), 2, 1), Some(vec![40, 80]));
        // Larger is possible, for colour planes of half the size.
        assert_eq!(area(plane(&[10, 20], 2, 1), 4, 1), Some(vec![10, 10, 20, 20]));
        assert_eq!(area(plane(&[1, 2, 3, 5, 6, 7], 2, 3), 1, 1), Some(vec![3, 4, 5]));
    }

    #[test]
    fn white_stays_white_at_the_largest_size() {
        let white = vec![255; 4096 * 2304];
        assert_eq!(area(plane(&white, 4096, 1), 3, 2), Some(vec![255; 6]));
    }

    #[test]
    fn a_plane_that_is_too_short_is_refused() {
        let short = Plane { values: &[1; 7], stride: 4, channels: 1, width_px: 4, height_px: 2 };
        assert_eq!(area(short, 2, 2), None);
        assert_eq!(area(plane(&[1; 8], 4, 1), 0, 1), None);
    }
}

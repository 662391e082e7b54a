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

/// The inputs that one output covers, of `to` outputs over `from` inputs: those from `first` to before `last`,
/// and `last` itself. In units of 1/to of an input, where both grids have whole numbers: the first one's weight
/// and the last one's, `to` for all between. The weights add up to `from`.
struct Span {
    first: usize,
    last: usize,
    weights: (u32, u32),
}

fn spans(from: usize, to: usize) -> impl Iterator<Item = Span> {
    (0..to).map(move |cell| {
        let (start, end) = (cell * from, (cell + 1) * from);
        let (first, last) = (start / to, (end - 1) / to);
        // An input that covers the whole output is first and last in one.
        let before = if first == last { 0 } else { (first + 1) * to - start };
        Span { first, last, weights: (before as u32, (end - start.max(last * to)) as u32) }
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
    let pixels = u32::try_from(plane.width_px * plane.height_px).ok()?;
    if pixels > 1 << 24 {
        return None;
    }
    let columns: Vec<Span> = spans(plane.width_px, width_px).collect();
    let row = |row: usize| &plane.values[row * plane.stride..][..row_values];
    let mut sums = vec![0_u32; row_values];
    for span in spans(plane.height_px, height_px) {
        // Nearly all rows count whole: those are only added up, and weighed together.
        sums.fill(0);
        for whole in span.first + 1..span.last {
            sums.iter_mut().zip(row(whole)).for_each(|(sum, &value)| *sum += u32::from(value));
        }
        let edges = row(span.first).iter().zip(row(span.last));
        for (sum, (&first, &last)) in sums.iter_mut().zip(edges) {
            *sum = *sum * height_px as u32
                + span.weights.0 * u32::from(first)
                + span.weights.1 * u32::from(last);
        }
        for span in &columns {
            for channel in 0..plane.channels {
                let at = |column: usize| sums[column * plane.channels + channel];
                let whole: u32 = (span.first + 1..span.last).map(at).sum();
                let total = whole * width_px as u32
                    + span.weights.0 * at(span.first)
                    + span.weights.1 * at(span.last);
                // A mean of bytes is a byte.
                out.push(((total + pixels / 2) / pixels) as u8);
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

    /// The mean of each output as the definition says it: over all inputs, with the area that both share.
    fn mean(plane: &Plane, width_px: usize, height_px: usize) -> Vec<u8> {
        let shared = |input: usize, output: usize, from: usize, to: usize| {
            let end = ((input + 1) * to).min((output + 1) * from);
            end.saturating_sub((input * to).max(output * from))
        };
        let pixels = plane.width_px * plane.height_px;
        let mut out = Vec::new();
        for place in 0..width_px * height_px * plane.channels {
            let (place, channel) = (place / plane.channels, place % plane.channels);
            let mut total = 0;
            for input in 0..pixels {
                let (x, y) = (input % plane.width_px, input / plane.width_px);
                let value = plane.values[y * plane.stride + x * plane.channels + channel];
                total += usize::from(value)
                    * shared(x, place % width_px, plane.width_px, width_px)
                    * shared(y, place / width_px, plane.height_px, height_px);
            }
            out.push(((total + pixels / 2) / pixels) as u8);
        }
        out
    }

    #[test]
    fn it_is_the_mean_at_any_size() {
        let values: Vec<u8> = (0..900_u32).map(|n| ((n * n * 31) >> 5) as u8).collect();
        for (width, height, channels) in [(1, 1, 1), (7, 5, 1), (10, 9, 3), (13, 4, 3), (2, 11, 1)]
        {
            let stride = width * channels + 2;
            let plane =
                Plane { values: &values, stride, channels, width_px: width, height_px: height };
            for (to_width, to_height) in [(1, 1), (2, 3), (5, 4), (7, 5), (9, 10), (20, 17)] {
                let expected = mean(&plane, to_width, to_height);
                let scaled = area(plane, to_width, to_height).expect("a sound plane");
                assert_eq!(scaled, expected, "{width}x{height} to {to_width}x{to_height}");
            }
        }
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

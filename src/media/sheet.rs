//! A contact sheet: evenly spread frames of a clip beside and below each other, in one picture.

use super::picture::{Bounds, Picture, fit};
use super::poster::spread;

/// How many frames a sheet shows.
pub const SHEET_TILES: usize = 12;
/// The most pixels across a tile.
pub const TILE_PX: u32 = 320;
/// Pixels between tiles and around them.
const GAP_PX: usize = 4;
/// What shows between the tiles: a dark grey.
const GAP_GREY: u8 = 24;

/// The least tiles that are still a contact sheet.
const LEAST_TILES: usize = 4;
/// A tile that has so many pixels across says enough; beyond that more of them say more.
const TELLING_PX: u32 = 48;

/// The tiles in one picture, row by row: four across, six where they are upright. The first tells the
/// size; none without one.
pub fn composed(tiles: &[Picture]) -> Option<Picture> {
    let first = tiles.first()?;
    laid(tiles, if first.height_px > first.width_px { 6 } else { 4 }, GAP_PX)
}

/// A contact sheet within a box. In a small one it has fewer tiles, evenly spread, so that each says something,
/// told apart by a pixel. One that can't be taken apart is made smaller as it is.
pub fn within(sheet: &Picture, bounds: Bounds) -> Picture {
    regrouped(sheet, bounds).unwrap_or_else(|| sheet.within(bounds))
}

fn regrouped(sheet: &Picture, bounds: Bounds) -> Option<Picture> {
    let tiles = taken_apart(sheet)?;
    let Picture { width_px, height_px, .. } = tiles.first()?;
    let size = |columns: usize, rows: usize| {
        let room =
            |side_px: u32, count: usize| (side_px.checked_sub(1)? / count as u32).checked_sub(1);
        let across = room(bounds.width_px, columns)?.min(*width_px);
        let down = room(bounds.height_px, rows)?.min(*height_px);
        Some(fit(*width_px, *height_px, across, down)).filter(|(across, down)| across * down > 0)
    };
    let grids =
        (1..=tiles.len()).flat_map(|columns| (1..=tiles.len()).map(move |rows| (columns, rows)));
    let fitting =
        grids.filter(|(columns, rows)| (LEAST_TILES..=tiles.len()).contains(&(columns * rows)));
    let sized =
        fitting.filter_map(|(columns, rows)| Some((size(columns, rows)?, columns * rows, columns)));
    let ((across, down), _, columns, count) = sized
        .map(|(size, count, columns)| (size, size.0.min(TELLING_PX), columns, count))
        .max_by_key(|(size, telling, columns, count)| (*telling, *count, size.0, *columns))?;
    let chosen =
        spread(tiles.len(), count).into_iter().map(|tile| tiles[tile].scaled(across, down));
    laid(&chosen.collect::<Vec<_>>(), columns, 1)
}

/// The tiles of a sheet; none where it is no sheet of ours.
fn taken_apart(sheet: &Picture) -> Option<Vec<Picture>> {
    let (width, height) = (sheet.width_px as usize, sheet.height_px as usize);
    let pixels = sheet.rgb.as_chunks::<3>().0;
    if pixels.len() != width * height {
        return None;
    }
    let is_gap = |pixel: &[u8; 3]| *pixel == [GAP_GREY; 3];
    let columns = filled(width, |x| pixels.iter().skip(x).step_by(width).all(is_gap))?;
    let rows = filled(height, |y| pixels[y * width..(y + 1) * width].iter().all(is_gap))?;
    let mut tiles = Vec::new();
    for (top, down) in &rows {
        for (left, across) in &columns {
            let lines =
                (*top..top + down).map(|y| &pixels[y * width + left..y * width + left + across]);
            let rgb: Vec<u8> = lines.flatten().flatten().copied().collect();
            // Behind the last tile its row may be empty.
            if !rgb.iter().all(|value| *value == GAP_GREY) {
                tiles.push(Picture { width_px: *across as u32, height_px: *down as u32, rgb });
            }
        }
    }
    Some(tiles)
}

/// Where lines that are no gap begin, and how many follow each other; none where those are not alike.
fn filled(lines: usize, is_gap: impl Fn(usize) -> bool) -> Option<Vec<(usize, usize)>> {
    let mut filled: Vec<(usize, usize)> = Vec::new();
    for line in (0..lines).filter(|line| !is_gap(*line)) {
        match filled.last_mut() {
            Some((begin, count)) if *begin + *count == line => *count += 1,
            _ => filled.push((line, 1)),
        }
    }
    let (_, first) = *filled.first()?;
    filled.iter().all(|(_, count)| *count == first).then_some(filled)
}

/// Tiles of one size in rows, with a gap between them and around.
fn laid(tiles: &[Picture], columns: usize, gap: usize) -> Option<Picture> {
    let first = tiles.first()?;
    let (width, height) = (first.width_px as usize, first.height_px as usize);
    let columns = columns.min(tiles.len());
    let rows = tiles.len().div_ceil(columns);
    let across = gap + columns * (width + gap);
    let down = gap + rows * (height + gap);
    let mut rgb = vec![GAP_GREY; across * down * 3];
    for (index, tile) in tiles.iter().enumerate() {
        if (tile.width_px, tile.height_px) != (first.width_px, first.height_px) {
            continue;
        }
        let left = gap + index % columns * (width + gap);
        let top = gap + index / columns * (height + gap);
        for (y, row) in tile.rgb.chunks_exact(width * 3).take(height).enumerate() {
            let start = ((top + y) * across + left) * 3;
            rgb[start..start + row.len()].copy_from_slice(row);
        }
    }
    Some(Picture { width_px: across as u32, height_px: down as u32, rgb })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(value: u8, width_px: u32, height_px: u32) -> Picture {
        Picture { width_px, height_px, rgb: vec![value; (width_px * height_px * 3) as usize] }
    }

    #[test]
    fn tiles_stand_in_rows_in_the_order_shown() {
        let tiles: Vec<Picture> = (1..=5).map(|value| tile(value * 40, 8, 6)).collect();
        let sheet = composed(&tiles).expect("a sheet");
        assert_eq!((sheet.width_px, sheet.height_px), (4 + 4 * 12, 4 + 2 * 10));
        let at = |x: usize, y: usize| sheet.rgb[(y * sheet.width_px as usize + x) * 3];
        assert_eq!([at(4, 4), at(16, 4), at(40, 9), at(4, 14)], [40, 80, 160, 200]);
        assert_eq!([at(0, 0), at(12, 4), at(16, 14)], [GAP_GREY; 3]);
    }

    #[test]
    fn upright_tiles_stand_six_across_and_few_as_many_as_there_are() {
        let width = |count: u8, size: (u32, u32)| {
            let tiles: Vec<Picture> = (0..count).map(|one| tile(one, size.0, size.1)).collect();
            composed(&tiles).map(|sheet| (sheet.width_px, sheet.height_px))
        };
        assert_eq!(width(12, (9, 16)), Some((4 + 6 * 13, 4 + 2 * 20)));
        assert_eq!(width(1, (9, 6)), Some((17, 14)));
        assert_eq!(width(0, (9, 6)), None);
    }

    #[test]
    fn in_a_small_box_there_are_fewer_tiles_that_can_be_told_apart() {
        let tiles: Vec<Picture> = (1..=12).map(|value| tile(value * 20, 64, 36)).collect();
        let sheet = composed(&tiles).expect("a sheet");
        let small = |width_px, height_px| {
            let bounds = Bounds { width_px, height_px };
            let small = within(&sheet, bounds);
            assert!(small.width_px <= width_px && small.height_px <= height_px);
            let shades: std::collections::BTreeSet<u8> = small.rgb.iter().copied().collect();
            (small.width_px, shades.len() - 1)
        };
        assert_eq!(small(58, 62), (57, 6), "two across and three down");
        assert_eq!(small(58, 40), (57, 4));
        assert_eq!(small(300, 200), (sheet.width_px - 16 + 1, 12), "never enlarged");
        assert_eq!(small(230, 200).1, 12, "all where each says enough");
        let alike = Picture { width_px: 8, height_px: 8, rgb: vec![90; 192] };
        assert_eq!(within(&alike, Bounds { width_px: 4, height_px: 9 }).width_px, 4, "no sheet");
        let few = composed(&tiles[..5]).expect("a sheet");
        assert_eq!(taken_apart(&few).map(|tiles| tiles.len()), Some(5));
    }
}

//! A contact sheet: evenly spread frames of a clip beside and below each other, in one picture.

use super::picture::Picture;

/// How many frames a sheet shows.
pub const SHEET_TILES: usize = 12;
/// The most pixels across a tile.
pub const TILE_PX: u32 = 320;
/// Pixels between tiles and around them.
const GAP_PX: usize = 4;
/// What shows between the tiles: a dark grey.
const GAP_GREY: u8 = 24;

/// The tiles in one picture, row by row: four across, six where they are upright. The first tells the
/// size; none without one.
pub fn composed(tiles: &[Picture]) -> Option<Picture> {
    let first = tiles.first()?;
    let (width, height) = (first.width_px as usize, first.height_px as usize);
    let columns = if height > width { 6 } else { 4 }.min(tiles.len());
    let rows = tiles.len().div_ceil(columns);
    let across = GAP_PX + columns * (width + GAP_PX);
    let down = GAP_PX + rows * (height + GAP_PX);
    let mut rgb = vec![GAP_GREY; across * down * 3];
    for (index, tile) in tiles.iter().enumerate() {
        if (tile.width_px, tile.height_px) != (first.width_px, first.height_px) {
            continue;
        }
        let left = GAP_PX + index % columns * (width + GAP_PX);
        let top = GAP_PX + index / columns * (height + GAP_PX);
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
}

use super::*;

fn picture(width_px: u32, height_px: u32) -> Picture {
    let rgb = (0..width_px * height_px * 3).map(|value| value as u8).collect();
    Picture { width_px, height_px, rgb }
}

#[test]
fn a_picture_fits_half_blocks_with_its_own_aspect() {
    // 80x24 cells are 80x48 half blocks.
    assert_eq!(picture(1920, 1080).fit(80, 24), (80, 45));
    assert_eq!(picture(9, 16).fit(80, 24), (27, 48));
    assert_eq!(picture(4, 4).fit(80, 24), (48, 48));
    assert_eq!(picture(2000, 1).fit(80, 24), (80, 1));
    assert_eq!(picture(4, 4).fit(0, 24), (0, 0));
}

#[test]
fn a_turn_moves_every_pixel() {
    let letters = |width_px, text: &str| Picture {
        width_px,
        height_px: text.len() as u32 / width_px,
        rgb: text.bytes().flat_map(|byte| [byte; 3]).collect(),
    };
    // abc      da
    // def  ->  eb  clockwise
    //          fc
    let upright = letters(3, "abcdef");
    assert_eq!(upright.clone().turned(90), letters(2, "daebfc"));
    assert_eq!(upright.clone().turned(180), letters(3, "fedcba"));
    assert_eq!(upright.clone().turned(270), letters(2, "cfbead"));
    assert_eq!(upright.clone().turned(0), upright);
}

#[test]
fn black_white_and_red_are_what_they_are() {
    let colour = |bt601, full_range| Colour { bt601, full_range };
    let limited = [colour(false, false), colour(true, false)];
    for colour in limited {
        assert_eq!(
            to_rgb(colour, &[16, 235, 0], &[128; 3], &[128; 3]),
            [0, 0, 0, 255, 255, 255, 0, 0, 0]
        );
    }
    // The same red in both matrices, as the standards give it.
    assert_eq!(to_rgb(limited[0], &[63], &[102], &[240]), [255, 1, 0]);
    assert_eq!(to_rgb(limited[1], &[81], &[90], &[240]), [254, 0, 0]);
    assert_eq!(
        to_rgb(colour(true, true), &[0, 255], &[128; 2], &[128; 2]),
        [0, 0, 0, 255, 255, 255]
    );
}

#[test]
fn black_is_told_from_a_night_scene() {
    let dark = |bright: usize| Picture {
        width_px: 10,
        height_px: 10,
        rgb: (0..300).map(|at| if at < bright * 3 { 200 } else { 12 }).collect(),
    };
    assert!(dark(0).is_black());
    assert!(dark(1).is_black());
    assert!(!dark(2).is_black());
}

#[test]
fn scaling_to_nothing_is_a_copy() {
    let picture = picture(4, 2);
    assert_eq!(picture.scaled(0, 9), picture);
    assert_eq!(picture.scaled(2, 1).rgb.len(), 6);
}

#[test]
fn a_settled_picture_keeps_what_hardly_changed() {
    let picture = |rgb: [u8; 9]| Picture { width_px: 3, height_px: 1, rgb: rgb.into() };
    let shown = picture([100, 100, 100, 100, 100, 100, 0, 0, 250]);
    let next = picture([108, 92, 100, 100, 109, 100, 8, 0, 255]);
    let settled = next.clone().settled(&shown, 8);
    assert_eq!(settled, picture([100, 100, 100, 100, 109, 100, 0, 0, 250]));
    assert_eq!(next.clone().settled(&shown, 0), next);
    // It is held against what is shown, not against the frame before: a slow fade arrives.
    let mut fading = picture([0; 9]);
    for value in 0..=200 {
        let shown = fading;
        fading = picture([value; 9]).settled(&shown, 8);
        assert!(fading.rgb[0].abs_diff(value) <= 8);
    }
    let turned = Picture { width_px: 1, height_px: 3, ..shown };
    assert_eq!(next.clone().settled(&turned, 255), next);
}

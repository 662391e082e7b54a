use super::*;

/// A sunset with grain of so many steps, which no form can make small.
fn picture(width_px: u32, height_px: u32, grain: u32) -> Picture {
    let mut dice = 7_u32;
    let mut rgb = Vec::new();
    for y in 0..height_px {
        for x in 0..width_px {
            for base in [x * 200 / width_px, y * 200 / height_px, 90] {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                rgb.push((base + (dice >> 16) % grain.max(1)) as u8);
            }
        }
    }
    Picture { width_px, height_px, rgb }
}

const ROOM: Room = Room { cells: (58, 14), cell_px: (9, 20) };

fn shown(picture: Picture, form: Form, room: Room) -> (Overlay, String) {
    let overlay = Overlay::new(picture, form, room).expect("a picture");
    let text = String::from_utf8(overlay.show.clone()).expect("text");
    (overlay, text)
}

#[test]
fn kitty_is_sent_a_file_in_pieces_and_told_its_cells() {
    let (overlay, text) = shown(picture(480, 270, 0), Form::Kitty, ROOM);
    // 14 rows of 20 pixels are 280, and 16:9 of that 498, in columns of 9.
    assert_eq!((overlay.columns, overlay.rows), (56, 14));
    let pieces: Vec<&str> = text.split_terminator("\x1b\\").collect();
    let begin = format!("\x1b_Ga=T,f=100,t=d,i={KITTY_ID},p=1,c=56,r=14,C=1,q=2,m=1;");
    assert!(pieces[0].starts_with(&begin), "{:?}", &pieces[0][..80]);
    let mut data = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let (keys, part) = piece.split_once(';').expect("data");
        let more = u8::from(index + 1 < pieces.len());
        assert!(keys.ends_with(&format!("m={more}")) && part.len() <= PIECE_BYTES, "{keys}");
        data.push_str(part);
    }
    let png = STANDARD.decode(data).expect("base64");
    assert_eq!(still::picture(&png, 999, 999).expect("a picture"), picture(480, 270, 0));
    // What the terminal keeps is not sent again.
    assert!(overlay.show_again().len() < 80);
    for bytes in [overlay.hide(), KITTY_FORGET] {
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains(&format!("i={KITTY_ID},")), "{text:?}");
    }
}

#[test]
fn iterm2_is_sent_a_file_with_its_size_in_cells() {
    let (overlay, text) = shown(picture(864, 496, 0), Form::Iterm2, ROOM);
    assert_eq!((overlay.columns, overlay.rows), (55, 14));
    let (keys, data) = text.split_once(':').expect("data");
    let file = STANDARD.decode(data.strip_suffix('\x07').expect("an end")).expect("base64");
    let size = file.len();
    let begin = format!("\x1b]1337;File=inline=1;size={size};width=55;height=14;");
    assert!(keys.starts_with(&begin), "{keys:?}");
    let sent = still::picture(&file, 999, 999).expect("a picture");
    assert_eq!((sent.width_px, sent.height_px), (488, 280));
    assert_eq!(overlay.show_again(), &overlay.show[..], "nothing is kept there");
}

#[test]
fn sixel_has_the_pixels_of_its_cells_and_no_more() {
    for (width, height) in [(864, 496), (496, 864), (40, 30)] {
        let (overlay, text) = shown(picture(width, height, 0), Form::Sixel, ROOM);
        let size = text.split_once("\"1;1;").expect("attributes").1;
        let mut size = size.split(|c: char| !c.is_ascii_digit()).map(|side| side.parse::<u32>());
        let (across, down) = (size.next().expect("a side"), size.next().expect("a side"));
        let (across, down) = (across.expect("a number"), down.expect("a number"));
        assert!(across <= u32::from(overlay.columns) * 9 && overlay.columns <= 58);
        assert!(down <= u32::from(overlay.rows) * 20 && overlay.rows <= 14);
        assert!(across > 500 || down > 270, "as large as it fits: {across}x{down}");
    }
}

#[test]
fn no_picture_costs_more_than_its_bound() {
    let large = Room { cells: (150, 50), cell_px: (12, 24) };
    for form in [Form::Kitty, Form::Iterm2, Form::Sixel] {
        for (room, grain) in [(ROOM, 0), (ROOM, 24), (large, 24), (large, 255)] {
            let (width_px, height_px) = room.pixels();
            let overlay = Overlay::new(picture(width_px, height_px, grain), form, room);
            let bytes = overlay.map(|overlay| overlay.show.len());
            // Half blocks are left for what is nothing but noise.
            let noise = form == Form::Sixel && grain == 255;
            let bounded = bytes.map_or(noise, |bytes| bytes <= MAX_BYTES);
            assert!(bounded, "{form:?}, {room:?}, grain {grain}: {bytes:?}");
        }
    }
}

#[test]
fn sixel_does_not_grow_with_a_wall() {
    let wall = Room { cells: (600, 200), cell_px: (20, 40) };
    let size = |most_px| Size::of(&picture(160, 90, 0), wall, most_px).expect("a size");
    assert_eq!((size(MAX_SIXEL_PX).width_px, size(MAX_SIXEL_PX).height_px), (1920, 1080));
    assert_eq!((size(u32::MAX).columns, size(u32::MAX).rows), (600, 169));
}

#[test]
fn without_room_there_is_no_picture() {
    for cells in [(0, 14), (58, 0)] {
        let room = Room { cells, ..ROOM };
        assert_eq!(Overlay::new(picture(64, 36, 0), Form::Sixel, room), None);
    }
    let empty = Picture { width_px: 0, height_px: 0, rgb: Vec::new() };
    assert_eq!(Overlay::new(empty, Form::Kitty, ROOM), None);
}

/// What came out of the last try stays within its cells, however it was enlarged.
#[test]
fn a_coarse_picture_has_the_size_of_a_fine_one() {
    let size = Size::of(&picture(864, 496, 0), ROOM, MAX_SIXEL_PX).expect("a size");
    for (side, _) in COARSENESS {
        let coarse = size.coarse(&picture(480, 270, 9), side);
        assert_eq!((coarse.width_px, coarse.height_px), (size.width_px, size.height_px));
        assert_eq!(coarse.rgb.len() as u32, size.width_px * size.height_px * 3);
    }
}

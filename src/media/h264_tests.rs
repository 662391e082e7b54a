use super::*;

/// A header bit by bit.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn fixed(mut self, value: u32, count: u32) -> Self {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn ue(self, values: &[u32]) -> Self {
        values.iter().fold(self, |bits, &value| {
            let length = (value + 1).ilog2();
            bits.fixed(0, length).fixed(value + 1, length + 1)
        })
    }

    /// The unit with its head byte, its end marked.
    fn unit(self, head: u8) -> Vec<u8> {
        let bits = self.fixed(1, 1).0;
        let bytes = bits.chunks(8).map(|bits| {
            let byte = bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
            byte << (8 - bits.len())
        });
        std::iter::once(head).chain(bytes).collect()
    }
}

/// A Main profile sequence: references, columns and rows less one, and its colours.
fn sequence_of(references: u32, columns: u32, rows: u32, colours: Bits) -> Vec<u8> {
    let mut bits = Bits::default().fixed(77, 8).fixed(0, 8).fixed(40, 8).ue(&[0, 0, 2, references]);
    // No gaps, frames only, direct inference, no cropping.
    bits = bits.fixed(0, 1).ue(&[columns, rows]).fixed(0b110, 3);
    bits.0.extend(colours.0);
    bits.unit(0x67)
}

fn set_of(list: u32) -> Vec<u8> {
    Bits::default()
        .ue(&[0, 0])
        .fixed(0, 2)
        .ue(&[0, list, 0])
        .fixed(0, 3)
        .ue(&[0, 0, 0])
        .fixed(0, 3)
        .unit(0x68)
}

fn slice_of(first: u32, references: u32) -> Vec<u8> {
    // A P slice of frame 0 with its own number of references.
    Bits::default().ue(&[first, 0, 0]).fixed(0, 4).fixed(1, 1).ue(&[references]).unit(0x41)
}

fn headers(sequence: Vec<u8>, set: Vec<u8>) -> Result<Headers, Refused> {
    let config =
        AvcConfig { length_bytes: 4, sequence_sets: vec![sequence], picture_sets: vec![set] };
    Headers::new(&config, &mut Vec::new())
}

fn plain() -> Headers {
    headers(sequence_of(4, 9, 5, Bits::default().fixed(0, 1)), set_of(0)).expect("plain headers")
}

fn sample(units: &[Vec<u8>]) -> Vec<u8> {
    let units = units.iter().map(|unit| [&(unit.len() as u32).to_be_bytes()[..], unit].concat());
    units.collect::<Vec<_>>().concat()
}

fn admit(units: &[Vec<u8>]) -> Result<Unit, Refused> {
    plain().admit(&sample(units), &mut Vec::new(), &mut Vec::new())
}

#[test]
fn a_header_gives_size_and_colours() {
    let plain = plain();
    let plain = plain.sequence().expect("there is one");
    assert_eq!((plain.coded_width_px, plain.coded_height_px), (160, 96));
    assert_eq!(plain.colour, Colour::default());
    // Usability information with a video signal: full range, matrix 6.
    let colours =
        Bits::default().fixed(0b1001, 4).fixed(5, 3).fixed(0b11, 2).fixed(0x0006_0606, 24);
    let told = headers(sequence_of(4, 9, 5, colours), set_of(0)).expect("sound headers");
    let colour = told.sequence().expect("there is one").colour;
    assert_eq!(colour, Colour { bt601: true, full_range: true });
}

#[test]
fn numbers_beyond_the_standard_are_refused() {
    let none = || Bits::default().fixed(0, 1);
    let many = Err(Refused::Damaged("too many references"));
    assert_eq!(headers(sequence_of(17, 9, 5, none()), set_of(0)).map(|_| ()), many);
    assert_eq!(headers(sequence_of(4, 255, 143, none()), set_of(0)).map(|_| ()), Ok(()));
    for (columns, rows) in [(255, 144), (256, 9), (9, 70_000)] {
        let large = headers(sequence_of(4, columns, rows, none()), set_of(0));
        assert_eq!(large.map(|_| ()), Err(Refused::TooLarge));
    }
    let senseless = Err(Refused::Damaged("a header makes no sense"));
    assert_eq!(headers(sequence_of(4, 9, 5, none()), set_of(32)).map(|_| ()), senseless);
    // The decoder would reserve memory for each of them.
    assert_eq!(admit(&[slice_of(0, 4_000_000)]).map(|_| ()), many);
}

#[test]
fn a_sample_is_one_picture() {
    let got = admit(&[slice_of(0, 1), slice_of(20, 1)]);
    assert_eq!(got, Ok(Unit { slices: 2, is_idr: false, is_reference: true }));
    let out_of_order = Err(Refused::Damaged("slices are out of order"));
    assert_eq!(admit(&[slice_of(0, 1), slice_of(0, 1)]), out_of_order);
    assert_eq!(admit(&[slice_of(3, 1)]), out_of_order);
    assert_eq!(admit(&[slice_of(60, 1)]), Err(Refused::Damaged("a slice outside the picture")));
    let cut = sample(&[slice_of(0, 1)]);
    let cut = plain().admit(&cut[..cut.len() - 1], &mut Vec::new(), &mut Vec::new());
    assert_eq!(cut, Err(Refused::Damaged("a frame is cut off")));
}

#[test]
fn nothing_is_smuggled_past_the_guard() {
    let mut hidden = slice_of(0, 1);
    hidden.extend([0, 0, 1]);
    hidden.extend(sequence_of(999, 9, 5, Bits::default().fixed(0, 1)));
    assert_eq!(admit(&[hidden]), Err(Refused::Damaged("a start code inside a frame")));
    let larger = sequence_of(4, 19, 5, Bits::default().fixed(0, 1));
    assert_eq!(admit(&[larger]), Err(Refused::Kind("h264 that changes its size")));
}

#[test]
fn a_set_is_passed_on_when_it_changes_and_not_when_it_is_repeated() {
    let mut headers = plain();
    for (set, passed) in
        [(set_of(0), false), (set_of(1), true), (set_of(1), false), (set_of(0), true)]
    {
        let mut sets = Vec::new();
        let unit = headers.admit(&sample(&[set]), &mut sets, &mut Vec::new());
        assert_eq!(unit, Ok(Unit::default()));
        assert_eq!(!sets.is_empty(), passed);
    }
}

//! The spellings of a cursor move, of which the backend takes the shortest.

use ratatui::layout::Position;

/// `CSI n final`, leaving out a count of one.
pub fn csi(out: &mut Vec<u8>, n: u16, last: u8) {
    out.extend_from_slice(b"\x1b[");
    if n != 1 {
        number(out, n);
    }
    out.push(last);
}

/// Appends a decimal number; `io::Write` for a `Vec` can't fail.
pub fn number(out: &mut Vec<u8>, n: u16) {
    let mut digits = [0u8; 5];
    let (mut rest, mut i) = (n, digits.len());
    loop {
        i -= 1;
        digits[i] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[i..]);
}

/// Appends the absolute move.
pub fn absolute(out: &mut Vec<u8>, to: Position) {
    out.extend_from_slice(b"\x1b[");
    if to.y > 0 {
        number(out, to.y + 1);
    }
    if to.x > 0 {
        out.push(b';');
        number(out, to.x + 1);
    }
    out.push(b'H');
}

/// Appends a relative move: row first, then column. From the hanging place behind the last column only a carriage return is safe.
pub fn relative(out: &mut Vec<u8>, from: Position, to: Position, width: u16) {
    let mut x = from.x;
    if x >= width || (to.x == 0 && x > 0) {
        out.push(b'\r');
        x = 0;
    }
    if to.y > from.y {
        let down = to.y - from.y;
        if down <= 3 {
            // A line feed moves down without scrolling, because the target is on the screen.
            out.extend(std::iter::repeat_n(b'\n', down.into()));
        } else {
            csi(out, down, b'B');
        }
    } else if to.y < from.y {
        csi(out, from.y - to.y, b'A');
    }
    if to.x > x {
        csi(out, to.x - x, b'C');
    } else if to.x < x {
        let left = x - to.x;
        if left <= 3 {
            out.extend(std::iter::repeat_n(8, left.into()));
        } else {
            csi(out, left, b'D');
        }
    }
}

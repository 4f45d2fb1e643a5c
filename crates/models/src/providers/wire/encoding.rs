//! Bodies that come compressed although that was not asked for.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::framing::Framing;

/// Takes a body's pieces and gives them as they were before they were compressed.
pub(super) enum Encoded {
    /// Too little came to know. With what the headers said.
    Unknown(Said, Vec<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Unpacked>>),
    Zlib(Box<ZlibDecoder<Unpacked>>),
    Deflate(Box<DeflateDecoder<Unpacked>>),
    Strange,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Deflate,
}

impl Encoded {
    /// `encoding` is what the header `Content-Encoding` says.
    pub(super) fn new(encoding: Option<&str>) -> Self {
        match encoding.map(|encoding| encoding.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity" | "gzip" | "x-gzip") => Self::Unknown(Said::Nothing, Vec::new()),
            Some("deflate") => Self::Unknown(Said::Deflate, Vec::new()),
            Some(_) => Self::Strange,
        }
    }

    pub(super) fn decode(&mut self, piece: Bytes) -> Result<Bytes, Framing> {
        let piece = match self {
            Self::Unknown(said, begun) => {
                begun.extend_from_slice(&piece);
                let (first, second) = (begun.first().copied(), begun.get(1).copied());
                // Events and JSON begin with neither of the two marks.
                let is_marked = matches!((first, second), (Some(0x1f), None | Some(0x8b)));
                let may_wait = second.is_none() && (is_marked || *said == Said::Deflate);
                if begun.is_empty() || may_wait {
                    return Ok(Bytes::new());
                }
                let begun = std::mem::take(begun);
                *self = match (*said, first, second) {
                    _ if is_marked => Self::Gzip(Box::new(MultiGzDecoder::new(Unpacked::default()))),
                    (Said::Nothing, ..) => Self::Plain,
                    (Said::Deflate, Some(a), Some(b))
                        if a & 0x0f == 8 && (u16::from(a) << 8 | u16::from(b)) % 31 == 0 =>
                    {
                        Self::Zlib(Box::new(ZlibDecoder::new(Unpacked::default())))
                    }
                    (Said::Deflate, Some(b'd' | b'e' | b'{' | b':'), Some(b'a' | b'v' | b'"' | b' ')) => {
                        Self::Plain
                    }
                    (Said::Deflate, ..) => Self::Deflate(Box::new(DeflateDecoder::new(Unpacked::default()))),
                };
                begun.into()
            }
            _ => piece,
        };
        match self {
            Self::Plain | Self::Unknown(..) => Ok(piece),
            Self::Gzip(decoder) => through(&mut **decoder, &piece, |decoder| decoder.get_mut()),
            Self::Zlib(decoder) => through(&mut **decoder, &piece, |decoder| decoder.get_mut()),
            Self::Deflate(decoder) => through(&mut **decoder, &piece, |decoder| decoder.get_mut()),
            Self::Strange => Err(Framing::Compressed),
        }
    }
}

/// What one piece may become: text shrinks to a twentieth, and what shrinks to a thousandth is no text.
const LONGEST_PIECE: usize = 8 << 20;

/// What was unpacked of a piece, bounded.
#[derive(Default)]
pub(super) struct Unpacked {
    bytes: Vec<u8>,
    is_full: bool,
}

impl Write for Unpacked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > LONGEST_PIECE {
            self.is_full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn through<D: Write>(
    decoder: &mut D,
    piece: &[u8],
    output: impl Fn(&mut D) -> &mut Unpacked,
) -> Result<Bytes, Framing> {
    let written: io::Result<()> = decoder.write_all(piece).and_then(|()| decoder.flush());
    let Unpacked { bytes: given, is_full } = std::mem::take(output(decoder));
    match written {
        Err(_) if is_full => Err(Framing::StreamTooLong),
        Ok(()) => Ok(given.into()),
        // What came before is an answer; what follows it is none.
        Err(_) if !given.is_empty() => Ok(given.into()),
        Err(_) => Err(Framing::Compressed),
    }
}

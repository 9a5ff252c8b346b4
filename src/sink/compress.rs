//! Compression of text files; Parquet compresses its own pages.

use std::io::{self, Write};

use color_eyre::eyre::{Context, Result};
use flate2::write::GzEncoder;

crate::domain::labels::label_enum! {
    /// How files are compressed.
    Compression {
        /// Zstandard.
        Zstd = "zstd",
        /// Gzip.
        Gzip = "gzip",
        /// Not at all.
        None = "none",
    }
}

impl Compression {
    /// What a text file's name ends with.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
            Self::None => "",
        }
    }
}

/// Compresses what is written to it. Neither form records a time or a machine: the same rows make the same bytes.
pub enum Compressor<W: Write> {
    /// Zstandard, level 3.
    Zstd(zstd::Encoder<'static, W>),
    /// Gzip, level 6.
    Gzip(GzEncoder<W>),
    /// Not at all.
    None(W),
}

impl<W: Write> Compressor<W> {
    /// Compresses into `out`.
    ///
    /// # Errors
    /// When the compressor cannot be set up.
    pub fn new(out: W, compression: Compression) -> Result<Self> {
        Ok(match compression {
            Compression::Zstd => Self::Zstd(zstd::Encoder::new(out, 3).wrap_err("cannot set up zstd")?),
            Compression::Gzip => Self::Gzip(GzEncoder::new(out, flate2::Compression::new(6))),
            Compression::None => Self::None(out),
        })
    }

    /// Writes what is left, and returns what it wrote to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<W> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
            Self::None(out) => Ok(out),
        }
        .wrap_err("cannot complete a compressed file")
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
            Self::None(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
            Self::None(out) => out.flush(),
        }
    }
}
